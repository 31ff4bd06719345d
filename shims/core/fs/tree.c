/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to names: make, remove, rename, list. */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/linux.h"
#include "../include/user.h"

#define RENAME_NOREPLACE 1

long fs_place(struct file *from, const char *path, struct fs_place *place)
{
	return node_walk(from ? from->node : node_root(), path, place);
}

/* The node that a path leads to. */
static long find(struct file *from, const char *path, struct fs_node **node)
{
	struct fs_place place;
	long error = fs_place(from, path, &place);

	if (error)
		return error;
	*node = place.node;
	return place.node ? 0 : -ENOENT;
}

long fs_stat_path(struct file *from, const char *path, struct stat *to)
{
	struct fs_node *node;
	long error = find(from, path, &node);

	if (!error)
		node_stat(node, to);
	return error;
}

long fs_truncate_path(const char *path, int64_t size)
{
	struct fs_node *node;
	long error = find(NULL, path, &node);

	if (error)
		return error;
	if (node->kind == FS_DIRECTORY)
		return -EISDIR;
	if (size < 0 || node->kind != FS_FILE)
		return -EINVAL;
	return node_resize(node, (uint64_t)size);
}

long fs_change_mode(struct file *from, const char *path, uint32_t mode)
{
	struct fs_node *node;
	long error = find(from, path, &node);

	if (!error)
		node->mode = mode & 07777;
	return error;
}

long fs_make_directory(struct file *from, const char *path, uint32_t mode)
{
	struct fs_place place;
	long error = fs_place(from, path, &place);

	if (error)
		return error;
	if (place.node)
		return -EEXIST;
	return node_make(place.directory, place.name, place.length, FS_DIRECTORY, mode) ? 0 : -ENOSPC;
}

long fs_remove(struct file *from, const char *path, bool directory)
{
	struct fs_place place;
	long error = fs_place(from, path, &place);

	if (error)
		return error;
	if (!place.node)
		return -ENOENT;
	if (directory && place.node->kind != FS_DIRECTORY)
		return -ENOTDIR;
	if (!directory && place.node->kind == FS_DIRECTORY)
		return -EISDIR;
	if (!place.name)
		return place.node == node_root() ? -EBUSY : -EINVAL;
	if (place.node->child)
		return -ENOTEMPTY;
	node_unlink(place.node);
	node_drop(place.node);
	return 0;
}

/* Whether `node` is `directory` or holds it at any depth. */
static bool holds(const struct fs_node *node, const struct fs_node *directory)
{
	while (directory != node && directory->parent && directory != directory->parent)
		directory = directory->parent;
	return directory == node;
}

/* Whether the name that is to be replaced may be. */
static long replaceable(const struct fs_node *node, const struct fs_node *by, uint32_t flags)
{
	if (flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (by->kind == FS_DIRECTORY && node->kind != FS_DIRECTORY)
		return -ENOTDIR;
	if (by->kind != FS_DIRECTORY && node->kind == FS_DIRECTORY)
		return -EISDIR;
	return node->child ? -ENOTEMPTY : 0;
}

long fs_rename(struct file *from, const char *path, struct file *to, const char *new_path, uint32_t flags)
{
	struct fs_place old, new;
	long error;

	if (flags & ~(uint32_t)RENAME_NOREPLACE)
		return -EINVAL;
	error = fs_place(from, path, &old);
	if (!error)
		error = fs_place(to, new_path, &new);
	if (error)
		return error;
	if (!old.node)
		return -ENOENT;
	if (!old.name || !new.name)
		return -EBUSY;
	if (new.slash && old.node->kind != FS_DIRECTORY)
		return -ENOTDIR;
	if (holds(old.node, new.directory))
		return -EINVAL;
	if (new.node == old.node)
		return 0;
	if (new.node) {
		error = replaceable(new.node, old.node, flags);
		if (error)
			return error;
		node_unlink(new.node);
		node_drop(new.node);
	}
	node_unlink(old.node);
	node_link(old.node, new.directory, new.name, new.length);
	return 0;
}

struct entry {
	uint64_t ino;
	uint64_t offset;
	uint16_t length;
	uint8_t type;
	char name[NAME_MAX + 1 + 7]; /* and the padding to 8 */
} __attribute__((packed));
#define ENTRY_HEAD 19

/* One entry to the application: its length; 0 when there is no more room. */
static long put_entry(uint64_t to, uint64_t room, const struct fs_node *node, const char *name, uint64_t position)
{
	size_t length = strlen(name);
	size_t whole = (ENTRY_HEAD + length + 1 + 7) & ~(size_t)7;
	struct entry entry;
	struct stat stat;

	if (whole > room)
		return 0;
	memset(&entry, 0, sizeof(entry));
	node_stat(node, &stat);
	entry.ino = stat.ino;
	entry.offset = position;
	entry.length = (uint16_t)whole;
	entry.type = (uint8_t)(stat.mode >> 12);
	memcpy(entry.name, name, length);
	return user_put(to, &entry, whole) ? -EFAULT : (long)whole;
}

/* Positions: 0 `.`, 1 `..`, then the children. A name made or removed meanwhile may shift those not yet listed. */
long fs_list(struct file *file, uint64_t to, uint64_t room)
{
	const struct fs_node *node = file->node, *child = node->child;
	uint64_t done = 0;

	if (node->kind != FS_DIRECTORY)
		return -ENOTDIR;
	for (uint64_t skip = 2; skip < file->position && child; skip++)
		child = child->next;
	for (;;) {
		const struct fs_node *one = file->position == 0 ? node : file->position == 1 ? node->parent : child;
		const char *name = file->position == 0 ? "." : file->position == 1 ? ".." : child ? child->name : NULL;
		long length;

		if (!name)
			return (long)done;
		length = put_entry(to + done, room - done, one ? one : node, name, file->position + 1);
		if (length <= 0)
			return done ? (long)done : length ? length : -EINVAL;
		done += (uint64_t)length;
		if (file->position++ >= 2)
			child = child->next;
	}
}
