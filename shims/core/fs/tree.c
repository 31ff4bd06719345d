/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to names: make, link, remove, rename. The order in which errors are found is Linux's (fs/namei.c). */
#include "../include/bytes.h"
#include "../include/files.h"
#include "../include/fs_node.h"
#include "../include/heap.h"
#include "../include/linux.h"
#include "../include/proc.h"

/* Whether a name can be made there. */
static long vacant(const struct fs_place *place, bool directory)
{
	if (place->last != LAST_NAME || place->node)
		return -EEXIST;
	if (place->slash && !directory)
		return -ENOENT;
	if (!place->directory->links || place->directory->kind != FS_DIRECTORY)
		return -ENOENT;
	return place->directory->fixed ? -EROFS : 0;
}

/* Names a node that was made for it, or NULL; the hold is given up. */
static long name_new(const struct fs_place *place, struct fs_node *node)
{
	long error;

	if (!node)
		return -ENOSPC;
	error = name_add(place->directory, place->name, place->length, node);
	node_drop(node);
	return error;
}

long fs_make(const struct file *from, const char *path, uint32_t mode)
{
	bool directory = (mode & S_IFMT) == S_IFDIR;
	struct fs_place place;
	long error = fs_walk(from, path, WALK_NAME, &place);

	if (error)
		return error;
	mode &= S_IFMT | (~fs_umask() & (directory ? 01777 : 07777));
	if (place_in_mount(&place))
		return mount_make(place.node->grant, place.below, mode);
	error = vacant(&place, directory);
	return error ? error : name_new(&place, node_make(node_kind(mode), mode));
}

long fs_make_link(const char *text, const struct file *from, const char *path)
{
	size_t size = strlen(text) + 1;
	struct fs_place place;
	struct fs_node *node;
	char *copy;
	long error = fs_walk(from, path, WALK_NAME, &place);

	if (error)
		return error;
	if (place_in_mount(&place))
		return mount_make_link(text, place.node->grant, place.below);
	error = vacant(&place, false);
	if (error)
		return error;
	copy = heap_get(size);
	node = copy ? node_make(FS_LINK, 0777) : NULL;
	if (node) {
		node->link.text = memcpy(copy, text, size);
		node->link.length = size - 1;
	} else if (copy) {
		heap_put(copy, size);
	}
	return name_new(&place, node);
}

/* Of /proc and /sys, which are file systems of their own. */
static bool is_text(const struct fs_node *node)
{
	return node->kind == FS_TEXT || node->kind == FS_MAGIC;
}

/* Another name for a node. */
static long link_node(struct fs_node *node, const struct fs_place *place)
{
	long error = vacant(place, false);

	if (error)
		return error;
	if (node->fixed || is_text(node))
		return -EXDEV;
	if (node_is_directory(node))
		return -EPERM;
	if (node->links == 0 && !node->linkable)
		return -ENOENT;
	return name_add(place->directory, place->name, place->length, node);
}

long fs_link(const struct file *from, const char *path, bool follow, const struct file *to, const char *new_path)
{
	struct fs_place old, new;
	long error = fs_find(from, path, follow ? 0 : WALK_NOFOLLOW, &old);

	if (!error)
		error = fs_walk(to, new_path, WALK_NAME, &new);
	if (error)
		return error;
	if (!place_in_mount(&old) && !place_in_mount(&new))
		return link_node(old.node, &new);
	if (old.node != new.node)
		return -EXDEV;
	return mount_link(old.node->grant, old.below, follow, new.below);
}

long fs_link_file(const struct file *file, const struct file *to, const char *new_path)
{
	struct fs_place new;
	long error = fs_walk(to, new_path, WALK_NAME, &new);

	if (error)
		return error;
	return !fs_has_node(file) || place_in_mount(&new) ? -EXDEV : link_node(file->node, &new);
}

/* Whether what a place stands for may be removed, as a directory or as anything else. */
static long removable(const struct fs_place *place, bool directory)
{
	if (place->directory->fixed)
		return -EROFS;
	if (!place->node)
		return -ENOENT;
	if (place->node->fixed)
		return -EROFS;
	if (!place->entry)
		return -EPERM; /* of /proc: nobody gave it that name */
	if (!directory)
		return node_is_directory(place->node) ? -EISDIR : place->slash ? -ENOTDIR : 0;
	if (place->node->kind != FS_DIRECTORY)
		return -ENOTDIR;
	return place->node->directory.first ? -ENOTEMPTY : 0;
}

long fs_remove(const struct file *from, const char *path, bool directory)
{
	static const long errors[] = { [LAST_ROOT] = -EBUSY, [LAST_DOT] = -EINVAL, [LAST_DOTS] = -ENOTEMPTY };
	struct fs_place place;
	long error = fs_walk(from, path, WALK_NAME, &place);

	if (error)
		return error;
	if (place_in_mount(&place) && place.below[0])
		return mount_remove(place.node->grant, place.below, directory);
	if (place.last != LAST_NAME)
		return directory ? errors[place.last] : -EISDIR;
	if (directory && place_in_mount(&place))
		return -EBUSY;
	error = removable(&place, directory);
	if (!error)
		name_remove(place.entry);
	return error;
}

/* Whether `node` is `directory` or holds it at any depth. */
static bool holds(const struct fs_node *node, const struct fs_node *directory)
{
	while (directory != node && directory->directory.parent != directory)
		directory = directory->directory.parent;
	return directory == node;
}

/* What Linux looks at before it looks at what kind of thing either is. */
static long may_rename(const struct fs_place *old, const struct fs_place *new, uint32_t flags)
{
	bool exchange = flags & RENAME_EXCHANGE;

	if (old->last != LAST_NAME)
		return -EBUSY;
	if (new->last != LAST_NAME)
		return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	if (old->directory->fixed || new->directory->fixed)
		return old->directory->fixed && new->directory->fixed ? -EROFS : -EXDEV;
	if (!old->node)
		return -ENOENT;
	if (!old->entry || new->directory->kind != FS_DIRECTORY)
		return -EPERM;
	if ((flags & RENAME_NOREPLACE) && new->node)
		return -EEXIST;
	if (exchange && !new->node)
		return -ENOENT;
	if (exchange && new->slash && !node_is_directory(new->node))
		return -ENOTDIR;
	if (!node_is_directory(old->node) && (old->slash || (!exchange && new->slash)))
		return -ENOTDIR;
	if (holds(old->node, new->directory))
		return -EINVAL;
	if (new->node && holds(new->node, old->directory))
		return exchange ? -EINVAL : -ENOTEMPTY;
	if (old->node->kind == FS_MOUNT || (new->node && new->node->kind == FS_MOUNT))
		return -EBUSY;
	if (old->node->fixed || (new->node && new->node->fixed))
		return -EROFS;
	return new->directory->links ? 0 : -ENOENT;
}

static long rename(const struct fs_place *old, const struct fs_place *new, uint32_t flags)
{
	struct fs_node *node = old->node;
	long error = may_rename(old, new, flags);

	if (error || node == new->node)
		return error;
	if (flags & RENAME_EXCHANGE) {
		struct fs_node *other = node_hold(new->node);

		name_replace(new->entry, node);
		name_replace(old->entry, other);
		node_drop(other);
		return 0;
	}
	if (new->node) {
		struct fs_place target = *new;

		target.slash = false;
		error = removable(&target, node->kind == FS_DIRECTORY);
		if (error)
			return error;
		name_replace(new->entry, node);
	} else {
		error = name_add(new->directory, new->name, new->length, node);
		if (error)
			return error;
	}
	name_remove(old->entry);
	return 0;
}

long fs_rename(const struct file *from, const char *path, const struct file *to, const char *new_path, uint32_t flags)
{
	struct fs_place old, new;
	long error;

	if ((flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE)) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	error = fs_walk(from, path, WALK_NAME, &old);
	if (!error)
		error = fs_walk(to, new_path, WALK_NAME, &new);
	if (error)
		return error;
	if (!(place_in_mount(&old) && old.below[0]) && !(place_in_mount(&new) && new.below[0]))
		return rename(&old, &new, flags);
	if (old.node != new.node)
		return -EXDEV;
	if (!old.below[0] || !new.below[0])
		return -EBUSY;
	return mount_rename(old.node->grant, old.below, new.below, flags);
}

/* Of what is in no tree: what Linux calls it where that can be told. */
static long magic_text(const struct fs_node *link, char *to)
{
	static const char program[] = PROGRAM_PATH, other[] = "anon_inode:[file]", gone[] = "/ (deleted)";
	const char *below = "";
	struct file *file;
	long length;

	if (link->fd == MAGIC_WORKING) {
		length = node_path(fs_working_directory(&below), below, to);
	} else {
		file = link->fd == MAGIC_PROGRAM ? proc_program() : files_get(link->fd);
		if (link->fd == MAGIC_PROGRAM && (!file || file->kind != FILE_TREE)) {
			if (file)
				(void)file_drop(file);
			memcpy(to, program, sizeof(program));
			return sizeof(program) - 1;
		}
		if (!file)
			return -ENOENT;
		(void)file_drop(file);
		if (!fs_has_node(file)) {
			memcpy(to, other, sizeof(other));
			return sizeof(other) - 1;
		}
		length = node_path(file->node, "", to);
	}
	if (length > 0)
		return length - 1;
	memcpy(to, gone, sizeof(gone));
	return sizeof(gone) - 1;
}

static long link_text(const struct fs_node *node, char *to)
{
	if (node->kind == FS_MAGIC)
		return magic_text(node, to);
	if (node->kind != FS_LINK)
		return -EINVAL;
	memcpy(to, node->link.text, node->link.length);
	return (long)node->link.length;
}

long fs_read_link(const struct file *from, const char *path, char *to)
{
	struct fs_place place;
	long error = fs_find(from, path, WALK_NOFOLLOW, &place);

	if (error)
		return error;
	if (place_in_mount(&place))
		return mount_read_link(place.node->grant, place.below, to);
	return link_text(place.node, to);
}

long fs_read_link_file(const struct file *file, char *to)
{
	return file->kind == FILE_TREE ? link_text(file->node, to) : -EINVAL;
}
