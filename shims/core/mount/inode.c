/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which open files are of one file of the host's, for their locks. The host may give two files one number, or one file
 * two: then a lock is in the way where it should not be, or is not where it should.
 */
#include "../include/heap.h"
#include "../include/mount_file.h"

static struct mount_inode *inodes;

struct mount_inode *mount_inode_get(uint32_t grant, uint64_t number)
{
	struct mount_inode *one = inodes;

	while (one && (one->grant != grant || one->number != number))
		one = one->next;
	if (!one) {
		one = heap_get(sizeof(*one));
		if (!one)
			return NULL;
		one->grant = grant;
		one->number = number;
		one->next = inodes;
		inodes = one;
	}
	one->holds++;
	return one;
}

/* The last to close it had the last locks. */
void mount_inode_put(struct mount_inode *inode)
{
	struct mount_inode **link = &inodes;

	if (--inode->holds != 0)
		return;
	while (*link != inode)
		link = &(*link)->next;
	*link = inode->next;
	heap_put(inode, sizeof(*inode));
}

struct fs_lock **mount_locks(const struct file *file)
{
	return &file->mount->inode->locks;
}
