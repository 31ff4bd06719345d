/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/files.h"
#include "../include/linux.h"
#include "../include/syscall.h"
#include "../include/timerfd.h"
#include "../include/user.h"

#define TFD_TIMER_ABSTIME 1
#define TFD_TIMER_CANCEL_ON_SET 2

long sys_timerfd_create(const struct syscall_frame *frame)
{
	int32_t clock = (int32_t)frame->arg[0];
	uint32_t flags = (uint32_t)frame->arg[1];
	struct file *file;

	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
		return -EINVAL; /* the alarm clocks, which wake a machine, too */
	file = timerfd_open(clock, flags & O_NONBLOCK);
	return file ? files_open(file, flags & O_CLOEXEC) : -ENOMEM;
}

/* The descriptor's timer, with a reference to its file. */
static long find(uint64_t fd, struct file **file)
{
	*file = files_get(fd);
	if (!*file)
		return -EBADF;
	if ((*file)->kind == FILE_TIMERFD)
		return 0;
	(void)file_drop(*file);
	return -EINVAL;
}

/* The clock of REALTIME is the host's whenever it likes: a timer is never cancelled because it was set. */
long sys_timerfd_settime(const struct syscall_frame *frame)
{
	const uint32_t known = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
	struct itimerspec spec, old;
	struct file *file;
	long error;

	if (user_get(&spec, frame->arg[2], sizeof(spec)))
		return -EFAULT;
	if (((uint32_t)frame->arg[1] & ~known) || !timer_is_valid(&spec))
		return -EINVAL;
	error = find(frame->arg[0], &file);
	if (error)
		return error;
	error = timer_get(file->timer, &old);
	if (!error)
		error = timer_set(file->timer, &spec, frame->arg[1] & TFD_TIMER_ABSTIME);
	(void)file_drop(file);
	wait_changed();
	return error || frame->arg[3] == 0 ? error : user_put(frame->arg[3], &old, sizeof(old));
}

long sys_timerfd_gettime(const struct syscall_frame *frame)
{
	struct itimerspec spec;
	struct file *file;
	long error = find(frame->arg[0], &file);

	if (error)
		return error;
	error = timer_get(file->timer, &spec);
	(void)file_drop(file);
	return error ? error : user_put(frame->arg[1], &spec, sizeof(spec));
}
