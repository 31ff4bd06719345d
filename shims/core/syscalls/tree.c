/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that only a file system can serve. */
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/paths.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define CWD ((uint64_t)AT_FDCWD)
#define GETDENTS_MOST (1u << 20)

/* The file behind a descriptor; -EBADF when none is, -EINVAL when it is the host's. */
static int32_t file_of(uint64_t fd)
{
	int32_t handle = files_handle(fd);

	return handle == -EBADF || handle_is_fs(handle) ? handle : -EINVAL;
}

static long make_directory(uint64_t directory, uint64_t text, uint64_t mode)
{
	struct path path;
	long error = path_get(&path, directory, text);

	return error ? error : fs_make_directory(path.from, path.text, (uint32_t)mode);
}

long sys_mkdir(const struct syscall_frame *frame)
{
	return make_directory(CWD, frame->arg[0], frame->arg[1]);
}

long sys_mkdirat(const struct syscall_frame *frame)
{
	return make_directory(frame->arg[0], frame->arg[1], frame->arg[2]);
}

static long remove_path(uint64_t directory, uint64_t text, bool is_directory)
{
	struct path path;
	long error = path_get(&path, directory, text);

	return error ? error : fs_remove(path.from, path.text, is_directory);
}

long sys_unlink(const struct syscall_frame *frame)
{
	return remove_path(CWD, frame->arg[0], false);
}

long sys_rmdir(const struct syscall_frame *frame)
{
	return remove_path(CWD, frame->arg[0], true);
}

long sys_unlinkat(const struct syscall_frame *frame)
{
	if (frame->arg[2] & ~(uint64_t)AT_REMOVEDIR)
		return -EINVAL;
	return remove_path(frame->arg[0], frame->arg[1], frame->arg[2] != 0);
}

static long rename_path(uint64_t directory, uint64_t text, uint64_t to, uint64_t to_text, uint64_t flags)
{
	struct path old, new;
	long error = path_get(&old, directory, text);

	if (!error)
		error = path_get(&new, to, to_text);
	return error ? error : fs_rename(old.from, old.text, new.from, new.text, (uint32_t)flags);
}

long sys_rename(const struct syscall_frame *frame)
{
	return rename_path(CWD, frame->arg[0], CWD, frame->arg[1], 0);
}

long sys_renameat(const struct syscall_frame *frame)
{
	return rename_path(frame->arg[0], frame->arg[1], frame->arg[2], frame->arg[3], 0);
}

long sys_renameat2(const struct syscall_frame *frame)
{
	return rename_path(frame->arg[0], frame->arg[1], frame->arg[2], frame->arg[3], frame->arg[4]);
}

long sys_truncate(const struct syscall_frame *frame)
{
	struct path path;
	long error = path_get(&path, CWD, frame->arg[0]);

	return error ? error : fs_truncate_path(path.text, (int64_t)frame->arg[1]);
}

long sys_ftruncate(const struct syscall_frame *frame)
{
	int32_t handle = file_of(frame->arg[0]);

	return handle < 0 ? handle : fs_truncate(handle, (int64_t)frame->arg[1]);
}

/* Memory is as safe as it will ever be. */
long sys_fsync(const struct syscall_frame *frame)
{
	int32_t handle = file_of(frame->arg[0]);

	return handle < 0 ? handle : 0;
}

long sys_fdatasync(const struct syscall_frame *frame)
{
	return sys_fsync(frame);
}

static long change_mode(uint64_t directory, uint64_t text, uint64_t mode)
{
	struct path path;
	long error = path_get(&path, directory, text);

	return error ? error : fs_change_mode(path.from, path.text, (uint32_t)mode);
}

long sys_chmod(const struct syscall_frame *frame)
{
	return change_mode(CWD, frame->arg[0], frame->arg[1]);
}

long sys_fchmodat(const struct syscall_frame *frame)
{
	return change_mode(frame->arg[0], frame->arg[1], frame->arg[2]);
}

long sys_getdents64(const struct syscall_frame *frame)
{
	int32_t handle = file_of(frame->arg[0]);
	uint64_t room = (uint32_t)frame->arg[2];

	if (handle < 0)
		return handle == -EINVAL ? -ENOTDIR : handle;
	return fs_list(handle, frame->arg[1], room < GETDENTS_MOST ? room : GETDENTS_MOST);
}
