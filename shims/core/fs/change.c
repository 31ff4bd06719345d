/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a node, and changed besides its contents. */
#include "../include/fs_node.h"
#include "../include/limits.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"

#define TMPFS_MAGIC 0x01021994
#define ST_VALID 0x20
#define ST_NOATIME 0x400
#define S_ISUID 04000
#define S_ISGID 02000
#define S_IXGRP 010

static long resize(struct fs_node *node, uint64_t size)
{
	long error;

	if (node->kind == FS_DIRECTORY)
		return -EISDIR;
	if (node->kind == FS_IMAGE)
		return -EROFS;
	if (node->kind != FS_FILE)
		return -EINVAL;
	error = limit_size(node->data.size, size);
	if (error)
		return error;
	data_resize(&node->data, size);
	stamp_now(node, STAMP_WRITE);
	return 0;
}

/* A program that changes hands does not run as its owner any more. */
static void change_owner(struct fs_node *node, const struct fs_change *change)
{
	if (change->what & CHANGE_USER)
		node->uid = change->user;
	if (change->what & CHANGE_GROUP)
		node->gid = change->group;
	if (node->kind == FS_DIRECTORY)
		return;
	node->mode &= ~(uint32_t)S_ISUID;
	if (node->mode & S_IXGRP)
		node->mode &= ~(uint32_t)S_ISGID;
}

static long change_node(struct fs_node *node, const struct fs_change *change)
{
	long error = change->what & CHANGE_SIZE ? resize(node, change->size) : 0;

	if (error)
		return error;
	if (node->fixed)
		return -EROFS;
	if ((change->what & CHANGE_MODE) && node->kind == FS_LINK)
		return -EOPNOTSUPP;
	if (change->what & CHANGE_MODE)
		node->mode = change->mode & 07777;
	if (change->what & (CHANGE_OWNER | CHANGE_USER | CHANGE_GROUP))
		change_owner(node, change);
	if (change->what & CHANGE_ACCESSED)
		stamp_set(node, FS_ACCESSED, &change->accessed);
	if (change->what & CHANGE_WRITTEN)
		stamp_set(node, FS_WRITTEN, &change->written);
	stamp_now(node, (change->what & CHANGE_ACCESSED_NOW ? 1u << FS_ACCESSED : 0) |
				(change->what & CHANGE_WRITTEN_NOW ? 1u << FS_WRITTEN : 0) | STAMP_CHANGE);
	return 0;
}

long fs_change(struct file *file, const struct fs_change *change)
{
	/* Linux tells a file that cannot be written to from one that cannot be truncated only by path. */
	if ((change->what & CHANGE_SIZE) && (file->node->kind != FS_FILE || (file->flags & O_ACCMODE) == O_RDONLY))
		return -EINVAL;
	return change_node(file->node, change);
}

long fs_change_path(const struct file *from, const char *path, bool follow, const struct fs_change *change)
{
	struct fs_place place;
	long error = fs_find(from, path, follow ? 0 : WALK_NOFOLLOW, &place);

	if (error)
		return error;
	if (place_in_mount(&place))
		return mount_change(place.node->grant, place.below, follow, change);
	return change_node(place.node, change);
}

long fs_stat_path(const struct file *from, const char *path, bool follow, struct stat *to)
{
	struct fs_place place;
	long error = fs_find(from, path, follow ? 0 : WALK_NOFOLLOW, &place);

	if (error)
		return error;
	if (place_in_mount(&place))
		return mount_stat(place.node->grant, place.below, follow, to);
	if (place.file)
		return file_stat(place.file, to);
	node_stat(place.node, to);
	return 0;
}

void fs_stat(struct file *file, struct stat *to)
{
	node_stat(file->node, to);
}

/* As much as there would be if files were all that there is: what the application maps comes from the same memory. */
void fs_statfs(struct statfs *to)
{
	*to = (struct statfs){
		.type = TMPFS_MAGIC,
		.block_size = PAGE_BYTES,
		.blocks = memory_heap_pages(),
		.name_length = NAME_MAX,
		.fragment_size = PAGE_BYTES,
		.flags = ST_VALID | ST_NOATIME,
	};
	to->free = to->blocks - page_count();
	to->available = to->free;
}

long fs_statfs_path(const char *path, struct statfs *to)
{
	struct fs_place place;
	long error = fs_find(NULL, path, 0, &place);

	if (error)
		return error;
	if (place_in_mount(&place))
		return mount_statfs(place.node->grant, place.below, to);
	fs_statfs(to);
	return 0;
}
