/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to stored files as a whole: listing, room, safety. */
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/paths.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define GETDENTS_MOST (1u << 20)

long sys_getdents64(const struct syscall_frame *frame)
{
	uint64_t room = (uint32_t)frame->arg[2] < GETDENTS_MOST ? (uint32_t)frame->arg[2] : GETDENTS_MOST;
	struct file *file = files_get(frame->arg[0]);
	long result;

	if (!file)
		return -EBADF;
	result = file_list(file, frame->arg[1], room);
	(void)file_drop(file);
	return result;
}

long sys_fallocate(const struct syscall_frame *frame)
{
	struct file *file = files_get(frame->arg[0]);
	long result;

	if (!file)
		return -EBADF;
	result = file_allocate(file, (uint32_t)frame->arg[1], (int64_t)frame->arg[2], (int64_t)frame->arg[3]);
	(void)file_drop(file);
	return result;
}

static long sync_file(uint64_t fd, bool data)
{
	struct file *file = files_get(fd);
	long result;

	if (!file)
		return -EBADF;
	result = file_sync(file, data);
	(void)file_drop(file);
	return result;
}

long sys_fsync(const struct syscall_frame *frame)
{
	return sync_file(frame->arg[0], false);
}

long sys_fdatasync(const struct syscall_frame *frame)
{
	return sync_file(frame->arg[0], true);
}

long sys_statfs(const struct syscall_frame *frame)
{
	struct path path;
	struct statfs out;
	long error = path_get(&path, (uint64_t)AT_FDCWD, frame->arg[0], 0);

	if (!error)
		error = fs_statfs_path(path.text, &out);
	return error ? error : user_put(frame->arg[1], &out, sizeof(out));
}

long sys_fstatfs(const struct syscall_frame *frame)
{
	struct file *file = files_get(frame->arg[0]);
	struct statfs out;
	long error;

	if (!file)
		return -EBADF;
	error = file_statfs(file, &out);
	(void)file_drop(file);
	return error ? error : user_put(frame->arg[1], &out, sizeof(out));
}

/* ---- advice, and safety that is there already ---- */

/* Of a descriptor that is open, and of a file that is stored. */
static long nothing_to_do(uint64_t fd, long otherwise)
{
	struct file *file = files_get(fd);
	long result;

	if (!file)
		return -EBADF;
	result = file_sync(file, false);
	(void)file_drop(file);
	return result == -EINVAL ? otherwise : result;
}

long sys_sync(const struct syscall_frame *frame)
{
	(void)frame;
	return 0;
}

long sys_syncfs(const struct syscall_frame *frame)
{
	return nothing_to_do(frame->arg[0], 0);
}

long sys_sync_file_range(const struct syscall_frame *frame)
{
	if ((int64_t)frame->arg[1] < 0 || (int64_t)frame->arg[2] < 0 || (frame->arg[3] & ~7ull))
		return -EINVAL;
	return nothing_to_do(frame->arg[0], -ESPIPE);
}

long sys_fadvise64(const struct syscall_frame *frame)
{
	if (frame->arg[3] > 5)
		return -EINVAL;
	return nothing_to_do(frame->arg[0], -ESPIPE);
}

long sys_readahead(const struct syscall_frame *frame)
{
	return nothing_to_do(frame->arg[0], -EINVAL);
}
