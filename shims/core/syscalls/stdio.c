/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and closing descriptors. */
#include "../generated/hostcall_guest.h"
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/signal.h"
#include "../include/syscall.h"
#include "../include/user.h"

long sys_read(const struct syscall_frame *frame)
{
	int32_t handle = files_handle(frame->arg[0]);
	uint64_t count = frame->arg[2] < HOSTCALL_DATA_SIZE ? frame->arg[2] : HOSTCALL_DATA_SIZE;

	if (handle == -EBADF)
		return handle;
	if (handle_is_fs(handle))
		return fs_read(handle, frame->arg[1], frame->arg[2], FS_AT_OFFSET);
	if (memory_touch(frame->arg[1], count, PERM_R | PERM_W))
		return -EFAULT;
	if (handle == HANDLE_EMPTY)
		return 0;
	return host_read(platform_call(), handle, (void *)frame->arg[1], count);
}

/* Nobody reads any more: the application hears of it twice, as everywhere. */
static long told(long written)
{
	const struct siginfo info = { .number = SIGPIPE, .sender = { .pid = 1 } };

	if (written == -EPIPE)
		(void)signal_send(&info);
	return written;
}

static long write_to(int32_t handle, uint64_t from, uint64_t count)
{
	if (handle_is_fs(handle))
		return fs_write(handle, from, count, FS_AT_OFFSET);
	if (count > HOSTCALL_DATA_SIZE)
		count = HOSTCALL_DATA_SIZE;
	if (memory_touch(from, count, PERM_R))
		return -EFAULT;
	if (handle == HANDLE_EMPTY)
		return -EBADF; /* as of a descriptor that is open for reading */
	return told(host_write(platform_call(), handle, (const void *)from, count));
}

long sys_write(const struct syscall_frame *frame)
{
	int32_t handle = files_handle(frame->arg[0]);

	return handle == -EBADF ? handle : write_to(handle, frame->arg[1], frame->arg[2]);
}

/* The vector's parts one after the other, until one is not done whole: an error counts only when nothing was done. */
static long vector(const struct syscall_frame *frame, bool writing)
{
	struct syscall_frame one = *frame;
	struct iovec part;
	int64_t done = 0;

	if (files_handle(frame->arg[0]) == -EBADF)
		return -EBADF;
	if (frame->arg[2] > IOV_MAX)
		return -EINVAL;
	for (uint64_t i = 0; i < frame->arg[2]; i++) {
		long result = user_get(&part, frame->arg[1] + i * sizeof(part), sizeof(part));

		if (!result && (int64_t)part.length < 0)
			result = -EINVAL;
		one.arg[1] = part.base;
		one.arg[2] = part.length;
		if (!result)
			result = part.length == 0 ? 0 : writing ? sys_write(&one) : sys_read(&one);
		if (result < 0)
			return done ? done : result;
		done += result;
		if ((uint64_t)result != part.length)
			break;
	}
	return done;
}

long sys_readv(const struct syscall_frame *frame)
{
	return vector(frame, false);
}

long sys_writev(const struct syscall_frame *frame)
{
	return vector(frame, true);
}

/* Standard streams have no positions that anybody should rely on. */
long sys_pread64(const struct syscall_frame *frame)
{
	int32_t handle = files_handle(frame->arg[0]);

	if (handle == -EBADF || !handle_is_fs(handle))
		return handle == -EBADF ? handle : -ESPIPE;
	if ((int64_t)frame->arg[3] < 0)
		return -EINVAL;
	return fs_read(handle, frame->arg[1], frame->arg[2], (int64_t)frame->arg[3]);
}

long sys_pwrite64(const struct syscall_frame *frame)
{
	int32_t handle = files_handle(frame->arg[0]);

	if (handle == -EBADF || !handle_is_fs(handle))
		return handle == -EBADF ? handle : -ESPIPE;
	if ((int64_t)frame->arg[3] < 0)
		return -EINVAL;
	return fs_write(handle, frame->arg[1], frame->arg[2], (int64_t)frame->arg[3]);
}

long sys_lseek(const struct syscall_frame *frame)
{
	int32_t handle = files_handle(frame->arg[0]);

	if (handle == -EBADF)
		return handle;
	if (handle == HANDLE_EMPTY)
		return -ESPIPE;
	if (handle_is_fs(handle))
		return fs_seek(handle, (int64_t)frame->arg[1], (uint32_t)frame->arg[2]);
	return host_lseek(platform_call(), handle, (int64_t)frame->arg[1], (uint32_t)frame->arg[2]);
}

/* Closes one descriptor; the host is told when it was the last. */
static long close_one(uint64_t fd, int32_t handle)
{
	if (!files_release(fd) || handle == HANDLE_EMPTY)
		return 0;
	if (handle_is_fs(handle)) {
		fs_close(handle);
		return 0;
	}
	return host_close(platform_call(), handle);
}

long sys_close(const struct syscall_frame *frame)
{
	int32_t handle = files_handle(frame->arg[0]);

	return handle == -EBADF ? handle : close_one(frame->arg[0], handle);
}

long sys_dup(const struct syscall_frame *frame)
{
	int32_t handle = files_handle(frame->arg[0]);

	return handle == -EBADF ? handle : files_duplicate(handle, 0, false);
}

static long duplicate_to(uint64_t from, uint64_t to, bool close_on_exec)
{
	int32_t handle = files_handle(from), other = files_handle(to);

	if (handle == -EBADF || to >= FILES_MOST)
		return -EBADF;
	if (other != -EBADF)
		(void)close_one(to, other); /* as Linux: its error is lost */
	files_set(to, handle, close_on_exec);
	return (long)to;
}

long sys_dup2(const struct syscall_frame *frame)
{
	if (frame->arg[0] == frame->arg[1])
		return files_handle(frame->arg[0]) == -EBADF ? -EBADF : (long)frame->arg[0];
	return duplicate_to(frame->arg[0], frame->arg[1], false);
}

long sys_dup3(const struct syscall_frame *frame)
{
	if (frame->arg[0] == frame->arg[1] || (frame->arg[2] & ~(uint64_t)O_CLOEXEC))
		return -EINVAL;
	return duplicate_to(frame->arg[0], frame->arg[1], frame->arg[2] != 0);
}
