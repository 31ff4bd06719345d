/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked about descriptors: fcntl, ioctl, fstat, poll. */
#include "../generated/hostcall_guest.h"
#include "../include/bytes.h"
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define TCGETS 0x5401
#define TIOCGWINSZ 0x5413
#define FIONREAD 0x541b

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_UNLCK 2
#define F_DUPFD_CLOEXEC 1030
#define FD_CLOEXEC 1

/* Entries that one host call to poll() takes. */
#define POLL_MOST 128

struct pollfd {
	int32_t fd;
	int16_t events;
	int16_t revents;
};

#define POLLIN 1
#define POLLOUT 4
#define POLLNVAL 0x20

#define MODE_NULL 020666
#define RDEV_NULL 0x103

/* The only process there is holds every lock that it asks for, and nobody is in its way. */
static long lock(uint64_t command, uint64_t flock)
{
	int16_t type = F_UNLCK;

	if (user_get(&type, flock, sizeof(type)))
		return -EFAULT;
	if (type < 0 || type > F_UNLCK)
		return -EINVAL;
	type = F_UNLCK;
	return command == F_GETLK && user_put(flock, &type, sizeof(type)) ? -EFAULT : 0;
}

long sys_fcntl(const struct syscall_frame *frame)
{
	uint64_t fd = frame->arg[0];
	int32_t handle = files_handle(fd);

	if (handle == -EBADF)
		return handle;
	switch (frame->arg[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return files_duplicate(handle, frame->arg[2], frame->arg[1] == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return files_close_on_exec(fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		files_set_close_on_exec(fd, frame->arg[2] & FD_CLOEXEC);
		return 0;
	case F_GETFL:
		if (handle_is_fs(handle))
			return (long)fs_flags(handle);
		return handle == HANDLE_EMPTY ? 0 : host_fcntl_getfl(platform_call(), handle);
	case F_SETFL:
		if (!handle_is_fs(handle))
			return -EINVAL;
		fs_set_flags(handle, (uint32_t)frame->arg[2]);
		return 0;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		return handle_is_fs(handle) ? lock(frame->arg[1], frame->arg[2]) : -EINVAL;
	default:
		return -EINVAL;
	}
}

long sys_ioctl(const struct syscall_frame *frame)
{
	struct hostcall *call = platform_call();
	int32_t handle = files_handle(frame->arg[0]);
	uint8_t answer[40];
	uint64_t size;
	long result;

	if (handle == -EBADF)
		return handle;
	if (handle == HANDLE_EMPTY || handle_is_fs(handle))
		return -ENOTTY;
	switch (frame->arg[1]) {
	case TCGETS:
		size = 36;
		result = host_ioctl_tcgets(call, handle, answer);
		break;
	case TIOCGWINSZ:
		size = 8;
		result = host_ioctl_tiocgwinsz(call, handle, answer);
		break;
	case FIONREAD:
		size = 4;
		result = host_ioctl_fionread(call, handle, answer);
		break;
	default:
		return -ENOTTY;
	}
	return result < 0 ? result : user_put(frame->arg[2], answer, size);
}

long stat_handle(int32_t handle, struct stat *to)
{
	*to = (struct stat){ 0 };
	if (handle_is_fs(handle)) {
		fs_stat(handle, to);
		return 0;
	}
	if (handle != HANDLE_EMPTY)
		return host_fstat(platform_call(), handle, to);
	to->mode = MODE_NULL; /* as /dev/null */
	to->rdev = RDEV_NULL;
	to->blksize = PAGE_BYTES;
	return 0;
}

long sys_fstat(const struct syscall_frame *frame)
{
	int32_t handle = files_handle(frame->arg[0]);
	struct stat stat;
	long error = handle == -EBADF ? handle : stat_handle(handle, &stat);

	return error ? error : user_put(frame->arg[1], &stat, sizeof(stat));
}

/* Fills in what needs no host; the others go to it as handles, -1 for those that it need not look at. */
static long poll_own(struct pollfd *fds, struct pollfd *asked, uint64_t count)
{
	long ready = 0;

	for (uint64_t i = 0; i < count; i++) {
		int32_t handle = fds[i].fd < 0 ? -1 : files_handle((uint64_t)fds[i].fd);

		fds[i].revents = 0;
		if (fds[i].fd >= 0 && handle == -EBADF)
			fds[i].revents = POLLNVAL;
		else if (handle == HANDLE_EMPTY)
			fds[i].revents = fds[i].events & POLLIN;
		else if (handle_is_fs(handle))
			fds[i].revents = fds[i].events & (POLLIN | POLLOUT);
		ready += fds[i].revents != 0;
		asked[i] = (struct pollfd){ .fd = handle < 0 || handle_is_fs(handle) ? -1 : handle, .events = fds[i].events };
	}
	return ready;
}

long sys_poll(const struct syscall_frame *frame)
{
	struct pollfd fds[POLL_MOST], asked[POLL_MOST];
	uint64_t count = frame->arg[1];
	int32_t timeout = (int32_t)frame->arg[2];
	long ready, more;

	if (count > POLL_MOST)
		return -EINVAL;
	if (user_get(fds, frame->arg[0], count * sizeof(fds[0])))
		return -EFAULT;
	ready = poll_own(fds, asked, count);
	more = host_poll(platform_call(), asked, count, ready ? 0 : timeout);
	if (more < 0)
		return more;
	for (uint64_t i = 0; i < count; i++)
		if (asked[i].revents)
			fds[i].revents = asked[i].revents;
	if (user_put(frame->arg[0], fds, count * sizeof(fds[0])))
		return -EFAULT;
	return ready + more;
}
