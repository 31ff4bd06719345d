/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to names, which only a file system can serve, and where relative ones start. */
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/paths.h"
#include "../include/pipe.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define CWD ((uint64_t)AT_FDCWD)

static long make(uint64_t directory, uint64_t text, uint32_t mode)
{
	struct path path;
	long error = path_get(&path, directory, text, 0);

	return error ? error : fs_make(path.from, path.text, mode);
}

long sys_mkdir(const struct syscall_frame *frame)
{
	return make(CWD, frame->arg[0], (frame->arg[1] & 07777) | S_IFDIR);
}

long sys_mkdirat(const struct syscall_frame *frame)
{
	return make(frame->arg[0], frame->arg[1], (frame->arg[2] & 07777) | S_IFDIR);
}

/* Devices are the shim's alone. */
static long make_node(uint64_t directory, uint64_t text, uint64_t mode)
{
	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
		return make(directory, text, (mode & 07777) | S_IFREG);
	case S_IFSOCK:
		return make(directory, text, mode);
	case S_IFIFO:
		return PIPES ? make(directory, text, mode) : -EPERM;
	case S_IFCHR:
	case S_IFBLK:
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

long sys_mknod(const struct syscall_frame *frame)
{
	return make_node(CWD, frame->arg[0], frame->arg[1]);
}

long sys_mknodat(const struct syscall_frame *frame)
{
	return make_node(frame->arg[0], frame->arg[1], frame->arg[2]);
}

static long make_link(uint64_t link, uint64_t directory, uint64_t text)
{
	char target[PATH_MAX];
	struct path path;
	long error = user_path(target, link);

	if (!error)
		error = path_get(&path, directory, text, 0);
	return error ? error : fs_make_link(target, path.from, path.text);
}

long sys_symlink(const struct syscall_frame *frame)
{
	return make_link(frame->arg[0], CWD, frame->arg[1]);
}

long sys_symlinkat(const struct syscall_frame *frame)
{
	return make_link(frame->arg[0], frame->arg[1], frame->arg[2]);
}

static long link_path(uint64_t directory, uint64_t text, uint64_t to, uint64_t to_text, uint64_t flags)
{
	struct path old, new;
	long error;

	if (flags & ~(uint64_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = path_get(&old, directory, text, flags);
	if (!error)
		error = path_get(&new, to, to_text, 0);
	if (error)
		return error;
	if (path_is_file(&old))
		return fs_link_file(old.from, new.from, new.text);
	return fs_link(old.from, old.text, flags & AT_SYMLINK_FOLLOW, new.from, new.text);
}

long sys_link(const struct syscall_frame *frame)
{
	return link_path(CWD, frame->arg[0], CWD, frame->arg[1], 0);
}

long sys_linkat(const struct syscall_frame *frame)
{
	return link_path(frame->arg[0], frame->arg[1], frame->arg[2], frame->arg[3], frame->arg[4]);
}

static long remove_path(uint64_t directory, uint64_t text, bool is_directory)
{
	struct path path;
	long error = path_get(&path, directory, text, 0);

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
	long error = path_get(&old, directory, text, 0);

	if (!error)
		error = path_get(&new, to, to_text, 0);
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

long sys_chdir(const struct syscall_frame *frame)
{
	struct path path;
	long error = path_get(&path, CWD, frame->arg[0], 0);

	return error ? error : fs_change_directory(NULL, path.text);
}

long sys_fchdir(const struct syscall_frame *frame)
{
	struct file *file = files_get(frame->arg[0]);
	long error;

	if (!file)
		return -EBADF;
	error = fs_change_directory_to(file);
	(void)file_drop(file);
	return error;
}

long sys_umask(const struct syscall_frame *frame)
{
	return (long)fs_mask((uint32_t)frame->arg[0]);
}
