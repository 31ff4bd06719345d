/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: the file system within the Keep, where one is compiled in; else nothing is there. The program itself
 * is what /proc/self/exe says.
 */
#include "../include/bytes.h"
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/paths.h"
#include "../include/syscall.h"
#include "../include/user.h"

/* What the one symbolic link and the working directory say. */
static const char program[] = "/exec";
static const char self[] = "/proc/self/exe";

#define R_OK_W_OK_X_OK 7

long path_get(struct path *path, uint64_t directory, uint64_t text)
{
	long error = user_path(path->text, text);

	path->from = NULL;
	if (error || path->text[0] == '/' || (int32_t)directory == AT_FDCWD)
		return error;
	path->from = files_get((uint64_t)(uint32_t)directory);
	if (!path->from)
		return -EBADF;
	(void)file_drop(path->from);
	return FS_OPENS && path->from->kind == FILE_TREE ? 0 : -ENOTDIR;
}

static long open_path(uint64_t directory, uint64_t text, uint64_t flags, uint64_t mode)
{
	struct path path;
	struct file *file;
	long error = path_get(&path, directory, text);

	if (error)
		return error;
	if (!SHIM_FILES)
		return flags & O_CREAT ? -EROFS : -ENOENT;
	error = fs_open(path.from, path.text, (uint32_t)flags, (uint32_t)mode, &file);
	return error ? error : files_open(file, (flags & O_CLOEXEC) != 0);
}

long sys_open(const struct syscall_frame *frame)
{
	return open_path((uint64_t)AT_FDCWD, frame->arg[0], frame->arg[1], frame->arg[2]);
}

long sys_openat(const struct syscall_frame *frame)
{
	return open_path(frame->arg[0], frame->arg[1], frame->arg[2], frame->arg[3]);
}

/* What is at a path, or, when it is empty and that is allowed, what the descriptor stands for. */
static long stat_path(uint64_t directory, uint64_t text, uint64_t flags, struct stat *to)
{
	struct path path;
	long error = path_get(&path, directory, text);

	if (error == -ENOENT && (flags & AT_EMPTY_PATH)) {
		struct file *file = files_get((uint64_t)(uint32_t)directory);

		if (!file)
			return -EBADF;
		error = file_stat(file, to);
		(void)file_drop(file);
		return error;
	}
	if (error)
		return error;
	return SHIM_FILES ? fs_stat_path(path.from, path.text, to) : -ENOENT;
}

static long stat_to(uint64_t directory, uint64_t text, uint64_t flags, uint64_t to)
{
	struct stat stat;
	long error = stat_path(directory, text, flags, &stat);

	return error ? error : user_put(to, &stat, sizeof(stat));
}

/* There are no symbolic links to tell them apart by. */
long sys_stat(const struct syscall_frame *frame)
{
	return stat_to((uint64_t)AT_FDCWD, frame->arg[0], 0, frame->arg[1]);
}

long sys_lstat(const struct syscall_frame *frame)
{
	return sys_stat(frame);
}

long sys_newfstatat(const struct syscall_frame *frame)
{
	return stat_to(frame->arg[0], frame->arg[1], frame->arg[3], frame->arg[2]);
}

struct statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	uint64_t times[8];
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t unused[14];
};
_Static_assert(sizeof(struct statx) == 256, "statx");
#define STATX_BASIC_STATS 0x7ff

long sys_statx(const struct syscall_frame *frame)
{
	struct statx out = { .mask = STATX_BASIC_STATS };
	struct stat stat;
	long error = stat_path(frame->arg[0], frame->arg[1], frame->arg[2], &stat);

	if (error)
		return error;
	out.blksize = (uint32_t)stat.blksize;
	out.nlink = (uint32_t)stat.nlink;
	out.uid = stat.uid;
	out.gid = stat.gid;
	out.mode = (uint16_t)stat.mode;
	out.ino = stat.ino;
	out.size = (uint64_t)stat.size;
	out.blocks = (uint64_t)stat.blocks;
	out.rdev_major = (uint32_t)(stat.rdev >> 8) & 0xfff;
	out.rdev_minor = (uint32_t)(stat.rdev & 0xff);
	out.dev_minor = (uint32_t)(stat.dev & 0xff);
	for (int i = 0; i < 3; i++) { /* atime; btime is not known; ctime, mtime */
		out.times[i == 0 ? 0 : i == 1 ? 6 : 4] = stat.times[2 * i];
		out.times[i == 0 ? 1 : i == 1 ? 7 : 5] = stat.times[2 * i + 1];
	}
	return user_put(frame->arg[4], &out, sizeof(out));
}

/* The application is root within the Keep: what is there may be read and written. */
static long may(uint64_t directory, uint64_t text, uint64_t how)
{
	struct stat stat;

	if (how & ~(uint64_t)R_OK_W_OK_X_OK)
		return -EINVAL;
	return stat_path(directory, text, 0, &stat);
}

long sys_access(const struct syscall_frame *frame)
{
	return may((uint64_t)AT_FDCWD, frame->arg[0], frame->arg[1]);
}

long sys_faccessat(const struct syscall_frame *frame)
{
	return may(frame->arg[0], frame->arg[1], frame->arg[2]);
}

long sys_faccessat2(const struct syscall_frame *frame)
{
	return may(frame->arg[0], frame->arg[1], frame->arg[2]);
}

static long read_link(uint64_t directory, uint64_t text, uint64_t to, int64_t room)
{
	uint64_t length = sizeof(program) - 1;
	struct path path;
	struct stat stat;
	long error = path_get(&path, directory, text);

	if (room <= 0)
		return -EINVAL;
	if (error)
		return error;
	if (memcmp(path.text, self, sizeof(self)) != 0)
		return SHIM_FILES && fs_stat_path(path.from, path.text, &stat) == 0 ? -EINVAL : -ENOENT;
	if (length > (uint64_t)room)
		length = (uint64_t)room;
	error = user_put(to, program, length);
	return error ? error : (long)length;
}

long sys_readlink(const struct syscall_frame *frame)
{
	return read_link((uint64_t)AT_FDCWD, frame->arg[0], frame->arg[1], (int64_t)frame->arg[2]);
}

long sys_readlinkat(const struct syscall_frame *frame)
{
	return read_link(frame->arg[0], frame->arg[1], frame->arg[2], (int64_t)frame->arg[3]);
}

long sys_getcwd(const struct syscall_frame *frame)
{
	if (frame->arg[1] < 2)
		return -ERANGE;
	return user_put(frame->arg[0], "/", 2) ? -EFAULT : 2;
}
