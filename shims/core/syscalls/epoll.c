/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/epoll.h"
#include "../include/files.h"
#include "../include/heap.h"
#include "../include/linux.h"
#include "../include/look.h"
#include "../include/signal.h"
#include "../include/syscall.h"
#include "../include/timeout.h"
#include "../include/user.h"

/* Events that one call gives at most, however much room there is: what is left comes with the next call. */
#define EVENTS_MOST 128
#define EVENTS_ASKED_MOST (INT32_MAX / sizeof(struct epoll_event))

static long create(uint64_t flags)
{
	struct file *set;

	if ((uint32_t)flags & ~(uint32_t)O_CLOEXEC)
		return -EINVAL;
	set = epoll_open();
	return set ? files_open(set, flags & O_CLOEXEC) : -ENOMEM;
}

long sys_epoll_create(const struct syscall_frame *frame)
{
	return (int32_t)frame->arg[0] <= 0 ? -EINVAL : create(0);
}

long sys_epoll_create1(const struct syscall_frame *frame)
{
	return create(frame->arg[0]);
}

static long control(const struct syscall_frame *frame, struct file *set, struct file *file, struct epoll_event *event)
{
	if (!file)
		return -EBADF;
	if (!file_can_wait(file))
		return -EPERM;
	if (set->kind != FILE_EPOLL)
		return -EINVAL;
	return epoll_control(set, (uint32_t)frame->arg[1], file, frame->arg[2], event);
}

long sys_epoll_ctl(const struct syscall_frame *frame)
{
	struct epoll_event event = { 0 };
	struct file *set, *file;
	long result;

	if ((uint32_t)frame->arg[1] != EPOLL_CTL_DEL && user_get(&event, frame->arg[3], sizeof(event)))
		return -EFAULT;
	set = files_get(frame->arg[0]);
	if (!set)
		return -EBADF;
	file = files_get(frame->arg[2]);
	result = control(frame, set, file, &event);
	if (file)
		(void)file_drop(file);
	(void)file_drop(set);
	if (!result)
		wait_changed(); /* who waits for the set waits for something else now */
	return result;
}

/* How many events hold, after a wait if there are none. */
static long gather(struct file *set, struct epoll_event *events, uint64_t room, const struct timespec *deadline)
{
	struct look look;
	uint64_t count = 0;
	long error;
	bool all;

	look_start(&look);
	do {
		look_again(&look);
		count = epoll_gather(&look, set, NULL, 0);
		error = look_room(&look, &all);
		if (error || !all)
			continue;
		error = look_wait(&look, count != 0, deadline);
		count = error && error != -ETIMEDOUT ? 0 : epoll_gather(&look, set, events, room);
	} while (!error && (!all || count == 0));
	look_end(&look);
	return count != 0 ? (long)count : error == -ETIMEDOUT ? 0 : error;
}

static long wait(const struct syscall_frame *frame, const struct timespec *deadline)
{
	uint64_t room = frame->arg[2] < EVENTS_MOST ? frame->arg[2] : EVENTS_MOST;
	struct file *set = files_get(frame->arg[0]);
	struct epoll_event *events;
	long result;

	if (!set)
		return -EBADF;
	events = heap_get(room * sizeof(*events));
	result = set->kind != FILE_EPOLL ? -EINVAL : events ? gather(set, events, room, deadline) : -ENOMEM;
	(void)file_drop(set);
	if (result > 0 && user_put(frame->arg[1], events, (uint64_t)result * sizeof(*events)))
		result = -EFAULT;
	if (events)
		heap_put(events, room * sizeof(*events));
	return result;
}

/* `timeout` says how long, `mask` which signals are blocked meanwhile, of `size` bytes; 0 for no mask. */
static long wait_masked(const struct syscall_frame *frame, const struct timeout *timeout, uint64_t mask, uint64_t size)
{
	struct mask_change change;
	long result;

	if ((int32_t)frame->arg[2] <= 0 || frame->arg[2] > EVENTS_ASKED_MOST)
		return -EINVAL;
	result = mask_begin(&change, mask, size);
	return result ? result : mask_end(&change, wait(frame, timeout->deadline));
}

static long wait_milliseconds(const struct syscall_frame *frame, uint64_t mask, uint64_t size)
{
	struct timeout timeout;
	long error = timeout_milliseconds(&timeout, (int32_t)frame->arg[3]);

	return error ? error : wait_masked(frame, &timeout, mask, size);
}

long sys_epoll_wait(const struct syscall_frame *frame)
{
	return wait_milliseconds(frame, 0, 0);
}

long sys_epoll_pwait(const struct syscall_frame *frame)
{
	return wait_milliseconds(frame, frame->arg[4], frame->arg[5]);
}

long sys_epoll_pwait2(const struct syscall_frame *frame)
{
	struct timeout timeout;
	long error = timeout_timespec(&timeout, frame->arg[3]);

	return error ? error : wait_masked(frame, &timeout, frame->arg[4], frame->arg[5]);
}
