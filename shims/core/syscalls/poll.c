/* SPDX-License-Identifier: Apache-2.0 */
/* poll(): look at all, wait, look again. */
#include "../include/files.h"
#include "../include/heap.h"
#include "../include/limits.h"
#include "../include/linux.h"
#include "../include/look.h"
#include "../include/poll.h"
#include "../include/syscall.h"
#include "../include/timeout.h"
#include "../include/user.h"

/* What holds of each entry now: how many have an event. */
static long scan(struct look *look, struct pollfd *fds, uint64_t count)
{
	long ready = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint32_t events = (uint16_t)fds[i].events | POLLERR | POLLHUP;
		struct file *file = fds[i].fd < 0 ? NULL : files_get((uint64_t)fds[i].fd);

		fds[i].revents = fds[i].fd < 0 ? 0 : POLLNVAL;
		if (file) {
			fds[i].revents = (int16_t)(look_at(look, file, events) & events);
			(void)file_drop(file);
		}
		ready += fds[i].revents != 0;
	}
	return ready;
}

long poll_wait(struct pollfd *fds, uint64_t count, const struct timespec *deadline)
{
	struct look look;
	long ready = 0, error;
	bool all;

	look_start(&look);
	do {
		look_again(&look);
		ready = scan(&look, fds, count);
		error = look_room(&look, &all);
		if (error || !all)
			continue;
		error = look_wait(&look, ready != 0, deadline);
		ready = error && error != -ETIMEDOUT ? 0 : scan(&look, fds, count);
	} while (!error && (!all || ready == 0));
	look_end(&look);
	return ready != 0 ? ready : error == -ETIMEDOUT ? 0 : error;
}

static long poll(uint64_t list, uint64_t count, const struct timespec *deadline)
{
	uint64_t bytes = count * sizeof(struct pollfd);
	struct pollfd *fds;
	long result;

	if (count > limit_files())
		return -EINVAL;
	fds = heap_get(bytes);
	if (!fds)
		return -ENOMEM;
	result = user_get(fds, list, bytes);
	if (!result)
		result = poll_wait(fds, count, deadline);
	if (result >= 0 && user_put(list, fds, bytes))
		result = -EFAULT;
	heap_put(fds, bytes);
	return result;
}

long sys_poll(const struct syscall_frame *frame)
{
	struct timeout timeout;
	long error = timeout_milliseconds(&timeout, (int32_t)frame->arg[2]);

	return error ? error : poll(frame->arg[0], (uint32_t)frame->arg[1], timeout.deadline);
}

long sys_ppoll(const struct syscall_frame *frame)
{
	struct mask_change change;
	struct timeout timeout;
	long error = timeout_timespec(&timeout, frame->arg[2]);

	if (!error)
		error = mask_begin(&change, frame->arg[3], frame->arg[4]);
	if (error)
		return error;
	error = mask_end(&change, poll(frame->arg[0], (uint32_t)frame->arg[1], timeout.deadline));
	timeout_put_left(&timeout, frame->arg[2]);
	return error;
}
