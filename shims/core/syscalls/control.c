/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked about descriptors: fcntl, ioctl, fstat. */
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/linux.h"
#include "../include/pipe.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#define FD_CLOEXEC 1

static long control(struct file *file, const struct syscall_frame *frame)
{
	uint64_t fd = frame->arg[0];

	switch (frame->arg[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return files_add(file, frame->arg[2], frame->arg[1] == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return files_close_on_exec(fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		files_set_close_on_exec(fd, frame->arg[2] & FD_CLOEXEC);
		return 0;
	case F_GETFL:
		return file_flags(file);
	case F_SETFL:
		return file_set_flags(file, (uint32_t)frame->arg[2]);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return SHIM_FILES ? lock_control(file, frame->arg[1], frame->arg[2]) : -EINVAL;
	case F_SETPIPE_SZ:
		return PIPES && file->kind == FILE_PIPE ? pipe_resize(file, frame->arg[2]) : -EBADF;
	case F_GETPIPE_SZ:
		return PIPES && file->kind == FILE_PIPE ? (long)file->pipe->size : -EBADF;
	default:
		return -EINVAL;
	}
}

/* FIONBIO: O_NONBLOCK by the word at `from`. */
static long set_blocking(struct file *file, uint64_t from)
{
	long flags = file_flags(file);
	int32_t on;

	if (flags < 0)
		return flags;
	if (user_get(&on, from, sizeof(on)))
		return -EFAULT;
	return file_set_flags(file, ((uint32_t)flags & ~(uint32_t)O_NONBLOCK) | (on ? O_NONBLOCK : 0));
}

long sys_fcntl(const struct syscall_frame *frame)
{
	struct file *file = files_get(frame->arg[0]);
	long result;

	if (!file)
		return -EBADF;
	result = control(file, frame);
	(void)file_drop(file);
	return result;
}

long sys_ioctl(const struct syscall_frame *frame)
{
	struct file *file = files_get(frame->arg[0]);
	long result;

	if (!file)
		return -EBADF;
	if (file->kind == FILE_TREE && (file->flags & O_PATH))
		result = -EBADF;
	else
		result = (uint32_t)frame->arg[1] == FIONBIO ?
				 set_blocking(file, frame->arg[2]) :
				 file_control(file, (uint32_t)frame->arg[1], frame->arg[2]);
	(void)file_drop(file);
	return result;
}

long sys_fstat(const struct syscall_frame *frame)
{
	struct file *file = files_get(frame->arg[0]);
	struct stat stat;
	long error;

	if (!file)
		return -EBADF;
	error = file_stat(file, &stat);
	(void)file_drop(file);
	return error ? error : user_put(frame->arg[1], &stat, sizeof(stat));
}
