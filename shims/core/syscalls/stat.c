/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a path: stat, statx, access. */
#include "../include/fs.h"
#include "../include/image.h"
#include "../include/paths.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define CWD ((uint64_t)AT_FDCWD)
#define STAT_FLAGS ((uint64_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
#define ACCESS_FLAGS ((uint64_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
#define X_OK 1
#define W_OK 2
#define R_OK_W_OK_X_OK 7

static long stat_path(uint64_t directory, uint64_t text, uint64_t flags, struct stat *to)
{
	struct path path;
	long error = path_get(&path, directory, text, flags);

	if (error)
		return error;
	if (path_is_file(&path))
		return file_stat(path.from, to);
	return SHIM_FILES ? fs_stat_path(path.from, path.text, !(flags & AT_SYMLINK_NOFOLLOW), to) : -ENOENT;
}

static long stat_to(uint64_t directory, uint64_t text, uint64_t flags, uint64_t to)
{
	struct stat stat;
	long error = stat_path(directory, text, flags, &stat);

	return error ? error : user_put(to, &stat, sizeof(stat));
}

long sys_stat(const struct syscall_frame *frame)
{
	return stat_to(CWD, frame->arg[0], 0, frame->arg[1]);
}

long sys_lstat(const struct syscall_frame *frame)
{
	return stat_to(CWD, frame->arg[0], AT_SYMLINK_NOFOLLOW, frame->arg[1]);
}

long sys_newfstatat(const struct syscall_frame *frame)
{
	if (frame->arg[3] & ~STAT_FLAGS)
		return -EINVAL;
	return stat_to(frame->arg[0], frame->arg[1], frame->arg[3], frame->arg[2]);
}

struct statx_time {
	int64_t seconds;
	uint32_t nanoseconds, reserved;
};

struct statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	struct statx_time accessed, born, changed, written;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t unused[14];
};
_Static_assert(sizeof(struct statx) == 256, "statx");
#define STATX_BASIC_STATS 0x7ff
#define STATX_RESERVED 0x80000000ull

/* As the kernel packs them in st_dev and st_rdev. */
static uint32_t major_of(uint64_t device)
{
	return (uint32_t)(device >> 8) & 0xfff;
}

static uint32_t minor_of(uint64_t device)
{
	return (uint32_t)((device & 0xff) | (device >> 12 & 0xfff00));
}

static struct statx_time time_of(const struct timespec *time)
{
	return (struct statx_time){ time->tv_sec, (uint32_t)time->tv_nsec, 0 };
}

/* All that stat() tells, whatever was asked for; when a file was made nobody knows. */
long sys_statx(const struct syscall_frame *frame)
{
	struct statx out = { .mask = STATX_BASIC_STATS };
	struct stat stat;
	long error;

	if ((frame->arg[2] & ~STAT_FLAGS) || (frame->arg[2] & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE ||
	    (frame->arg[3] & STATX_RESERVED))
		return -EINVAL;
	error = stat_path(frame->arg[0], frame->arg[1], frame->arg[2], &stat);
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
	out.rdev_major = major_of(stat.rdev);
	out.rdev_minor = minor_of(stat.rdev);
	out.dev_major = major_of(stat.dev);
	out.dev_minor = minor_of(stat.dev);
	out.accessed = time_of(&stat.atime);
	out.changed = time_of(&stat.ctime);
	out.written = time_of(&stat.mtime);
	return user_put(frame->arg[4], &out, sizeof(out));
}

/* The application is root within the Keep: what is there may be read and written, and run if anybody may. */
static long may(uint64_t directory, uint64_t text, uint64_t how, uint64_t flags)
{
	struct stat stat;
	long error;

	if ((how & ~(uint64_t)R_OK_W_OK_X_OK) || (flags & ~ACCESS_FLAGS))
		return -EINVAL;
	error = stat_path(directory, text, flags, &stat);
	if (error)
		return error;
	if (IMAGES && (how & W_OK) && stat.dev == IMAGE_DEVICE && (stat.mode & S_IFMT) != S_IFCHR)
		return -EROFS;
	return (how & X_OK) && (stat.mode & S_IFMT) == S_IFREG && !(stat.mode & 0111) ? -EACCES : 0;
}

long sys_access(const struct syscall_frame *frame)
{
	return may(CWD, frame->arg[0], frame->arg[1], 0);
}

long sys_faccessat(const struct syscall_frame *frame)
{
	return may(frame->arg[0], frame->arg[1], frame->arg[2], 0);
}

long sys_faccessat2(const struct syscall_frame *frame)
{
	return may(frame->arg[0], frame->arg[1], frame->arg[2], frame->arg[3]);
}
