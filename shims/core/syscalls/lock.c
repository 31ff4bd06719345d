/* SPDX-License-Identifier: Apache-2.0 */
/* Locks as fcntl() and flock() ask for them. */
#include "../include/files.h"
#include "../include/fs.h"
#include "../include/linux.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

/* As fcntl() has it. */
struct flock {
	int16_t type, whence;
	int64_t start, length;
	int32_t pid;
};
_Static_assert(sizeof(struct flock) == 32, "flock");

#define PROCESS 1

/* Tries, and waits while somebody else has it. */
static long take(struct file *file, const struct fs_range *range, bool wait)
{
	for (;;) {
		long error = fs_lock(file, range);

		if (error != -EAGAIN || !wait)
			return error;
		error = wait_event(NULL, 0, NULL);
		if (error)
			return error;
	}
}

/* Where `whence` is. */
static long base_of(struct file *file, const struct flock *flock, int64_t *base)
{
	switch (flock->whence) {
	case SEEK_SET:
		*base = 0;
		return 0;
	case SEEK_CUR:
		*base = (int64_t)file->position;
		return 0;
	case SEEK_END: {
		struct stat stat;
		long error = file_stat(file, &stat);

		*base = stat.size;
		return error;
	}
	default:
		return -EINVAL;
	}
}

/* A length of 0 reaches to the end of all files; a negative one lies before the start. */
static long range_of(struct file *file, const struct flock *flock, struct fs_range *range)
{
	int64_t start, last = INT64_MAX;
	long error = base_of(file, flock, &start);

	if (error)
		return error;
	if (__builtin_add_overflow(start, flock->start, &start))
		return -EOVERFLOW;
	if (flock->length > 0 && __builtin_add_overflow(start, flock->length - 1, &last))
		return -EOVERFLOW;
	if (flock->length < 0) {
		last = start - 1;
		start += flock->length;
	}
	if (start < 0)
		return -EINVAL;
	range->type = flock->type;
	range->start = (uint64_t)start;
	range->last = (uint64_t)last;
	return flock->type < F_RDLCK || flock->type > F_UNLCK ? -EINVAL : 0;
}

/* What is in the way of a lock, or nothing. */
static long tell(struct file *file, struct flock *flock, struct fs_range *range, uint64_t to)
{
	if (range->type == F_UNLCK)
		return -EINVAL;
	if (!fs_lock_holder(file, range)) {
		flock->type = F_UNLCK;
	} else {
		*flock = (struct flock){ .type = range->type, .start = (int64_t)range->start };
		flock->length = range->last == INT64_MAX ? 0 : (int64_t)(range->last - range->start + 1);
		flock->pid = range->owner ? -1 : PROCESS;
	}
	return user_put(to, flock, sizeof(*flock));
}

long lock_control(struct file *file, uint64_t command, uint64_t from)
{
	bool of_file = command >= F_OFD_GETLK;
	struct fs_range range = { .owner = of_file ? file : NULL };
	struct flock flock;
	long error;

	if (file->flags & O_PATH)
		return -EBADF;
	if (user_get(&flock, from, sizeof(flock)))
		return -EFAULT;
	error = !fs_has_locks(file) || (of_file && flock.pid) ? -EINVAL : range_of(file, &flock, &range);
	if (error)
		return error;
	if (command == F_GETLK || command == F_OFD_GETLK)
		return tell(file, &flock, &range, from);
	if ((range.type == F_RDLCK && (file->flags & O_ACCMODE) == O_WRONLY) ||
	    (range.type == F_WRLCK && (file->flags & O_ACCMODE) == O_RDONLY))
		return -EBADF;
	return take(file, &range, command == F_SETLKW || command == F_OFD_SETLKW);
}

static long lock_whole(struct file *file, uint64_t how)
{
	struct fs_range range = { .whole = true, .owner = file, .last = INT64_MAX };

	switch (how & ~(uint64_t)LOCK_NB) {
	case LOCK_SH:
		range.type = F_RDLCK;
		break;
	case LOCK_EX:
		range.type = F_WRLCK;
		break;
	case LOCK_UN:
		range.type = F_UNLCK;
		break;
	default:
		return -EINVAL;
	}
	if (!fs_has_locks(file))
		return -EINVAL;
	return file->flags & O_PATH ? -EBADF : take(file, &range, !(how & LOCK_NB));
}

long sys_flock(const struct syscall_frame *frame)
{
	struct file *file = files_get(frame->arg[0]);
	long error;

	if (!file)
		return -EBADF;
	error = lock_whole(file, (uint32_t)frame->arg[1]);
	(void)file_drop(file);
	return error;
}
