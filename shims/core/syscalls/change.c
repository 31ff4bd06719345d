/* SPDX-License-Identifier: Apache-2.0 */
/* Modes, owners, times and lengths of files, by path and by descriptor. */
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/paths.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define CWD ((uint64_t)AT_FDCWD)
#define NANOSECONDS 1000000000
#define MICROSECONDS 1000000

static long change_path(uint64_t directory, uint64_t text, uint64_t flags, const struct fs_change *change)
{
	struct path path;
	long error;

	if (flags & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = path_get(&path, directory, text, flags);
	if (error)
		return error;
	if (path_is_file(&path))
		return file_change(path.from, change);
	return fs_change_path(path.from, path.text, !(flags & AT_SYMLINK_NOFOLLOW), change);
}

static long change_file(uint64_t fd, const struct fs_change *change)
{
	struct file *file = files_get(fd);
	long error;

	if (!file)
		return -EBADF;
	error = file_change(file, change);
	(void)file_drop(file);
	return error;
}

/* ---- modes ---- */

static struct fs_change new_mode(uint64_t mode)
{
	return (struct fs_change){ .what = CHANGE_MODE, .mode = mode & 07777 };
}

long sys_chmod(const struct syscall_frame *frame)
{
	struct fs_change change = new_mode(frame->arg[1]);

	return change_path(CWD, frame->arg[0], 0, &change);
}

long sys_fchmod(const struct syscall_frame *frame)
{
	struct fs_change change = new_mode(frame->arg[1]);

	return change_file(frame->arg[0], &change);
}

long sys_fchmodat(const struct syscall_frame *frame)
{
	struct fs_change change = new_mode(frame->arg[2]);

	return change_path(frame->arg[0], frame->arg[1], 0, &change);
}

long sys_fchmodat2(const struct syscall_frame *frame)
{
	struct fs_change change = new_mode(frame->arg[2]);

	return change_path(frame->arg[0], frame->arg[1], frame->arg[3], &change);
}

/* ---- owners: -1 leaves one as it is ---- */

static struct fs_change new_owner(uint64_t user, uint64_t group)
{
	struct fs_change change = { .what = CHANGE_OWNER, .user = (uint32_t)user, .group = (uint32_t)group };

	if (change.user != UINT32_MAX)
		change.what |= CHANGE_USER;
	if (change.group != UINT32_MAX)
		change.what |= CHANGE_GROUP;
	return change;
}

long sys_chown(const struct syscall_frame *frame)
{
	struct fs_change change = new_owner(frame->arg[1], frame->arg[2]);

	return change_path(CWD, frame->arg[0], 0, &change);
}

long sys_lchown(const struct syscall_frame *frame)
{
	struct fs_change change = new_owner(frame->arg[1], frame->arg[2]);

	return change_path(CWD, frame->arg[0], AT_SYMLINK_NOFOLLOW, &change);
}

long sys_fchown(const struct syscall_frame *frame)
{
	struct fs_change change = new_owner(frame->arg[1], frame->arg[2]);

	return change_file(frame->arg[0], &change);
}

long sys_fchownat(const struct syscall_frame *frame)
{
	struct fs_change change = new_owner(frame->arg[2], frame->arg[3]);

	return change_path(frame->arg[0], frame->arg[1], frame->arg[4], &change);
}

/* ---- times ---- */

static long take_time(const struct timespec *time, uint32_t given, uint32_t now, uint32_t *what)
{
	if (time->tv_nsec == UTIME_OMIT)
		return 0;
	if (time->tv_nsec != UTIME_NOW && (time->tv_nsec < 0 || time->tv_nsec >= NANOSECONDS))
		return -EINVAL;
	*what |= time->tv_nsec == UTIME_NOW ? now : given;
	return 0;
}

/* Access and modification; NULL is now. */
static long new_times(const struct timespec times[2], struct fs_change *change)
{
	long error;

	*change = (struct fs_change){ .what = times ? 0 : CHANGE_ACCESSED_NOW | CHANGE_WRITTEN_NOW };
	if (!times)
		return 0;
	change->accessed = times[0];
	change->written = times[1];
	error = take_time(&times[0], CHANGE_ACCESSED, CHANGE_ACCESSED_NOW, &change->what);
	return error ? error : take_time(&times[1], CHANGE_WRITTEN, CHANGE_WRITTEN_NOW, &change->what);
}

long sys_utimensat(const struct syscall_frame *frame)
{
	struct timespec times[2];
	struct fs_change change;
	long error;

	if (frame->arg[2] && user_get(times, frame->arg[2], sizeof(times)))
		return -EFAULT;
	error = new_times(frame->arg[2] ? times : NULL, &change);
	if (error || !change.what)
		return error;
	if (frame->arg[1] != 0 || (int32_t)frame->arg[0] == AT_FDCWD)
		return change_path(frame->arg[0], frame->arg[1], frame->arg[3], &change);
	return frame->arg[3] ? -EINVAL : change_file(frame->arg[0], &change);
}

static long change_times(uint64_t directory, uint64_t text, uint64_t from)
{
	struct timeval given[2];
	struct timespec times[2];
	struct fs_change change;
	long error;

	if (from && user_get(given, from, sizeof(given)))
		return -EFAULT;
	for (int i = 0; from && i < 2; i++) {
		if (given[i].tv_usec < 0 || given[i].tv_usec >= MICROSECONDS)
			return -EINVAL;
		times[i] = (struct timespec){ given[i].tv_sec, given[i].tv_usec * 1000 };
	}
	error = new_times(from ? times : NULL, &change);
	if (error)
		return error;
	return text || (int32_t)directory == AT_FDCWD ? change_path(directory, text, 0, &change) :
							change_file(directory, &change);
}

long sys_utimes(const struct syscall_frame *frame)
{
	return change_times(CWD, frame->arg[0], frame->arg[1]);
}

long sys_futimesat(const struct syscall_frame *frame)
{
	return change_times(frame->arg[0], frame->arg[1], frame->arg[2]);
}

long sys_utime(const struct syscall_frame *frame)
{
	struct timespec times[2] = { 0 };
	struct fs_change change;
	int64_t seconds[2];

	if (frame->arg[1] && user_get(seconds, frame->arg[1], sizeof(seconds)))
		return -EFAULT;
	for (int i = 0; frame->arg[1] && i < 2; i++)
		times[i].tv_sec = seconds[i];
	(void)new_times(frame->arg[1] ? times : NULL, &change); /* whole seconds are always good */
	return change_path(CWD, frame->arg[0], 0, &change);
}

/* ---- lengths ---- */

long sys_truncate(const struct syscall_frame *frame)
{
	struct fs_change change = { .what = CHANGE_SIZE, .size = frame->arg[1] };

	return (int64_t)frame->arg[1] < 0 ? -EINVAL : change_path(CWD, frame->arg[0], 0, &change);
}

long sys_ftruncate(const struct syscall_frame *frame)
{
	struct fs_change change = { .what = CHANGE_SIZE, .size = frame->arg[1] };

	return (int64_t)frame->arg[1] < 0 ? -EINVAL : change_file(frame->arg[0], &change);
}
