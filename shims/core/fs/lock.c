/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks of files: records, which belong to the process or to an open file, and flock()'s, which belong to open files and
 * know nothing of records. All threads are one process, so its own records are never in its way.
 */
#include "../include/fs_node.h"
#include "../include/heap.h"
#include "../include/linux.h"
#include "../include/mount_file.h"
#include "../include/wait.h"

struct fs_lock {
	struct fs_lock *next;
	struct fs_range range;
};

static bool conflict(const struct fs_range *a, const struct fs_range *b)
{
	return a->whole == b->whole && a->owner != b->owner && a->start <= b->last && b->start <= a->last &&
	       (a->type == F_WRLCK || b->type == F_WRLCK);
}

/* Of a host's file they are known in the Keep alone. */
static struct fs_lock **locks_of(const struct file *file)
{
	return SHIM_MOUNTS && file->kind == FILE_MOUNT ? mount_locks(file) : &file->node->locks;
}

bool fs_lock_holder(const struct file *file, struct fs_range *range)
{
	for (const struct fs_lock *lock = *locks_of(file); lock; lock = lock->next) {
		if (!conflict(&lock->range, range))
			continue;
		*range = lock->range;
		return true;
	}
	return false;
}

/* Takes a range from what its owner has; `spare` is for the rest of a lock that it was in the middle of. Whether it was used. */
static bool cut(struct fs_lock **link, const struct fs_range *range, struct fs_lock *spare)
{
	struct fs_lock *lock;

	while ((lock = *link)) {
		struct fs_range *has = &lock->range;

		if (has->whole != range->whole || has->owner != range->owner || has->last < range->start ||
		    range->last < has->start) {
			link = &lock->next;
			continue;
		}
		if (has->start >= range->start && has->last <= range->last) {
			*link = lock->next;
			heap_put(lock, sizeof(*lock));
			continue;
		}
		if (has->start < range->start && has->last > range->last) {
			*spare = *lock;
			spare->range.start = range->last + 1;
			has->last = range->start - 1;
			lock->next = spare;
			return true;
		}
		if (has->start < range->start)
			has->last = range->start - 1;
		else
			has->start = range->last + 1;
		link = &lock->next;
	}
	return false;
}

/* With what its owner has of the same type next to it, it is one lock. */
static void widen(const struct fs_lock *locks, struct fs_range *range)
{
	for (const struct fs_lock *lock = locks; lock;) {
		const struct fs_range *has = &lock->range;

		lock = lock->next;
		if (has->whole != range->whole || has->owner != range->owner || has->type != range->type ||
		    has->last + 1 < range->start || range->last + 1 < has->start ||
		    (has->start >= range->start && has->last <= range->last))
			continue;
		range->start = has->start < range->start ? has->start : range->start;
		range->last = has->last > range->last ? has->last : range->last;
		lock = locks; /* one that was too far away may not be now */
	}
}

long fs_lock(struct file *file, const struct fs_range *wanted)
{
	struct fs_range holder = *wanted, whole = *wanted;
	const struct fs_range *range = &whole;
	struct fs_lock **locks = locks_of(file), *lock, *spare;

	if (range->type != F_UNLCK && fs_lock_holder(file, &holder))
		return -EAGAIN;
	if (range->type != F_UNLCK)
		widen(*locks, &whole);
	lock = heap_get(sizeof(*lock));
	spare = heap_get(sizeof(*spare));
	if (!lock || !spare) {
		if (lock)
			heap_put(lock, sizeof(*lock));
		return -ENOLCK;
	}
	if (!cut(locks, range, spare))
		heap_put(spare, sizeof(*spare));
	if (range->type == F_UNLCK) {
		heap_put(lock, sizeof(*lock));
	} else {
		*lock = (struct fs_lock){ .next = *locks, .range = *range };
		*locks = lock;
	}
	wait_changed();
	return 0;
}

void fs_unlock_all(struct file *file, const struct file *owner)
{
	struct fs_lock **link = locks_of(file), *lock;
	bool any = false;

	while ((lock = *link)) {
		if (lock->range.owner != owner) {
			link = &lock->next;
			continue;
		}
		*link = lock->next;
		heap_put(lock, sizeof(*lock));
		any = true;
	}
	if (any)
		wait_changed();
}
