/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/signalfd.h"
#include "../include/files.h"
#include "../include/linux.h"
#include "../include/signal.h"
#include "../include/syscall.h"
#include "../include/user.h"

/* The set of a file that is one. */
static long change(uint64_t fd, uint64_t set)
{
	struct file *file = files_get(fd);
	bool is_one = file && file->kind == FILE_SIGNALFD;

	if (!file)
		return -EBADF;
	if (is_one)
		signalfd_change(file, set);
	(void)file_drop(file);
	return is_one ? (long)fd : -EINVAL;
}

static long make(const struct syscall_frame *frame, uint32_t flags)
{
	int32_t fd = (int32_t)frame->arg[0];
	struct file *file;
	uint64_t set;

	if (frame->arg[2] != SIGNAL_SET_BYTES)
		return -EINVAL;
	if (user_get(&set, frame->arg[1], sizeof(set)))
		return -EFAULT;
	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	set &= ~SIGNALS_UNBLOCKABLE;
	if (fd != -1)
		return change((uint32_t)fd, set);
	file = signalfd_open(set, flags & O_NONBLOCK);
	return file ? files_open(file, flags & O_CLOEXEC) : -ENOMEM;
}

long sys_signalfd(const struct syscall_frame *frame)
{
	return make(frame, 0);
}

long sys_signalfd4(const struct syscall_frame *frame)
{
	return make(frame, (uint32_t)frame->arg[3]);
}
