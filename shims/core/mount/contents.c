/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a host file, and its sizes. One host call moves a data area at most. */
#include "../generated/hostcall_guest.h"
#include "../include/limits.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/mount_file.h"
#include "../include/platform.h"

#define TRANSFER_MOST (INT32_MAX & ~4095u)

static bool can(const struct file *file, uint32_t not_this)
{
	return !(file->flags & O_PATH) && (file->flags & O_ACCMODE) != not_this;
}

long mount_read(struct file *file, uint64_t to, uint64_t count, int64_t at)
{
	uint64_t from = at == FILE_POSITION ? file->position : (uint64_t)at, done = 0;
	long result = 0;

	if (!can(file, O_WRONLY))
		return -EBADF;
	if (file->mount->directory)
		return -EISDIR;
	if (count > TRANSFER_MOST)
		count = TRANSFER_MOST;
	if (count > INT64_MAX - from)
		count = INT64_MAX - from;
	/* A file gives all that it has; a host that gives less has said where it ends. */
	while (done < count) {
		uint64_t part = count - done < HOSTCALL_DATA_SIZE ? count - done : HOSTCALL_DATA_SIZE;

		if (memory_touch(to + done, part, PERM_R | PERM_W))
			result = -EFAULT;
		else
			result = host_pread64(platform_call(), file->handle, (void *)(to + done), part, (int64_t)(from + done));
		if (result > 0)
			done += (uint64_t)result;
		if (result < 0 || (uint64_t)result < part)
			break;
	}
	if (done == 0)
		return result;
	if (at == FILE_POSITION)
		file->position = from + done;
	return (long)done;
}

long mount_write(struct file *file, uint64_t from, uint64_t count, int64_t at)
{
	uint64_t to = at == FILE_POSITION ? file->position : (uint64_t)at, done = 0;
	long result = 0;

	if (!can(file, O_RDONLY))
		return -EBADF;
	if (count > TRANSFER_MOST)
		count = TRANSFER_MOST;
	if (count == 0)
		return 0;
	if (file->flags & O_APPEND) { /* pwrite() too, as in Linux */
		result = host_lseek(platform_call(), file->handle, 0, SEEK_END);
		if (result < 0)
			return result;
		to = (uint64_t)result;
	}
	if (count > INT64_MAX - to)
		return -EFBIG;
	result = limit_write(to, &count);
	if (result)
		return result;
	while (done < count) {
		uint64_t part = count - done < HOSTCALL_DATA_SIZE ? count - done : HOSTCALL_DATA_SIZE;

		if (memory_touch(from + done, part, PERM_R))
			result = -EFAULT;
		else
			result = host_pwrite64(platform_call(), file->handle, (const void *)(from + done), part,
					       (int64_t)(to + done));
		if (result > 0)
			done += (uint64_t)result;
		if (result < 0 || (uint64_t)result < part)
			break;
	}
	if (done == 0)
		return result;
	if (at == FILE_POSITION)
		file->position = to + done;
	return (long)done;
}

/* Of a directory a position is what the host called the place of an entry. */
long mount_seek(struct file *file, int64_t offset, uint32_t whence)
{
	int64_t to;

	if (file->flags & O_PATH)
		return -EBADF;
	switch (whence) {
	case SEEK_SET:
		to = offset;
		break;
	case SEEK_CUR:
		if (__builtin_add_overflow((int64_t)file->position, offset, &to))
			return -EOVERFLOW;
		break;
	case SEEK_END:
	case SEEK_DATA:
	case SEEK_HOLE:
		if (file->mount->directory)
			return -EINVAL;
		to = host_lseek(platform_call(), file->handle, offset, whence);
		if (to < 0)
			return to;
		break;
	default:
		return -EINVAL;
	}
	if (to < 0)
		return -EINVAL;
	if (to == 0)
		file->mount->listed = 0;
	file->position = (uint64_t)to;
	return to;
}

long mount_allocate(struct file *file, uint32_t mode, int64_t at, int64_t count)
{
	long error;

	if (!can(file, O_RDONLY))
		return -EBADF;
	if (at < 0 || count <= 0)
		return -EINVAL;
	error = mode & FALLOC_FL_KEEP_SIZE ? 0 : mount_may_grow(file->handle, (uint64_t)at + (uint64_t)count);
	if (error)
		return error;
	return host_fallocate(platform_call(), file->handle, mode, at, count);
}

long mount_sync(struct file *file, bool data)
{
	if (file->flags & O_PATH)
		return -EBADF;
	return data ? host_fdatasync(platform_call(), file->handle) : host_fsync(platform_call(), file->handle);
}
