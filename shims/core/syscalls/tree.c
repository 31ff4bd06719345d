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

/* The file of the tree behind a descriptor, for file_drop(); NULL with -EBADF or -EINVAL in `error`. */
static struct file *file_of(uint64_t fd, long *error)
{
	struct file *file = files_get(fd);

	*error = file ? -EINVAL : -EBADF;
	if (!file || file->kind == FILE_TREE)
		return file;
	(void)file_drop(file);
	return NULL;
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
	long result;
	struct file *file = file_of(frame->arg[0], &result);

	if (!file)
		return result;
	result = fs_truncate(file, (int64_t)frame->arg[1]);
	(void)file_drop(file);
	return result;
}

/* Memory is as safe as it will ever be. */
long sys_fsync(const struct syscall_frame *frame)
{
	long error;
	struct file *file = file_of(frame->arg[0], &error);

	if (!file)
		return error;
	(void)file_drop(file);
	return 0;
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
	uint64_t room = (uint32_t)frame->arg[2] < GETDENTS_MOST ? (uint32_t)frame->arg[2] : GETDENTS_MOST;
	long result;
	struct file *file = file_of(frame->arg[0], &result);

	if (!file)
		return result == -EINVAL ? -ENOTDIR : result;
	result = fs_list(file, frame->arg[1], room);
	(void)file_drop(file);
	return result;
}
