/* SPDX-License-Identifier: Apache-2.0 */
/* open(), openat2(). */
#include "../include/fs_node.h"
#include "../include/linux.h"
#include "../include/pipe.h"
#include "../include/proc.h"

#define TMPFILE (O_TMPFILE & ~O_DIRECTORY)

/* Flags that are spent when a file is opened; the rest is what F_GETFL tells. */
#define FLAGS_SPENT (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)
#define FLAGS_OF_PATH (O_PATH | O_DIRECTORY | O_NOFOLLOW)

/* An open file of a node: takes over the hold. */
static long open_node(struct fs_node *node, uint32_t flags, struct file **to)
{
	uint32_t kept = flags & O_PATH ? flags & FLAGS_OF_PATH : (flags & ~(uint32_t)FLAGS_SPENT) | O_LARGEFILE;

	if (PIPES && node->kind == FS_FIFO && !(flags & O_PATH))
		return fifo_open(node, kept, to);
	*to = file_new(FILE_TREE, kept);
	if (!*to) {
		node_drop(node);
		return -ENOMEM;
	}
	(*to)->node = node;
	return 0;
}

static unsigned ways(uint32_t flags, uint32_t resolve)
{
	static const struct {
		uint32_t resolve;
		unsigned how;
	} rows[] = {
		{ RESOLVE_NO_XDEV, WALK_NO_MOUNTS },
		{ RESOLVE_NO_MAGICLINKS, WALK_NO_MAGIC },
		{ RESOLVE_NO_SYMLINKS, WALK_NO_LINKS },
		{ RESOLVE_BENEATH, WALK_BENEATH | WALK_NO_MAGIC },
		{ RESOLVE_IN_ROOT, WALK_IN_ROOT | WALK_NO_MAGIC },
	};
	unsigned how = flags & O_NOFOLLOW ? WALK_NOFOLLOW : 0;

	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		how |= WALK_NAME;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (resolve & rows[i].resolve)
			how |= rows[i].how;
	return how;
}

/* Whether what is there can be opened so. */
static long may_open(const struct fs_place *place, uint32_t flags)
{
	bool directory = node_is_directory(place->node);
	bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);

	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (directory && (flags & O_CREAT))
		return -EISDIR;
	if (!directory && (place->slash || (flags & O_DIRECTORY)))
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	switch (place->node->kind) {
	case FS_LINK:
		return -ELOOP;
	case FS_TTY:    /* there is no controlling terminal */
	case FS_SOCKET: /* which connect() is for */
		return -ENXIO;
	default:
		return !writes ? 0 : directory ? -EISDIR : place->node->fixed ? -EROFS : 0;
	}
}

/* The name is not there: a file is made. */
static long open_new(const struct fs_place *place, uint32_t flags, uint32_t mode, struct file **to)
{
	struct fs_node *node;
	long error;

	if (!(flags & O_CREAT) || place->directory->links == 0 || place->directory->kind != FS_DIRECTORY)
		return -ENOENT;
	if (flags & O_DIRECTORY)
		return -EINVAL;
	if (place->directory->fixed)
		return -EROFS;
	node = node_make(FS_FILE, mode & ~fs_umask());
	if (!node)
		return -ENOSPC;
	error = open_node(node, flags, to);
	if (error)
		return error;
	error = name_add(place->directory, place->name, place->length, node);
	if (error)
		(void)file_drop(*to);
	return error;
}

/* O_TMPFILE: `place` is the directory that it is in without a name. */
static long open_unnamed(const struct fs_place *place, uint32_t flags, uint32_t mode, struct file **to)
{
	struct fs_node *node;

	if (place->node->kind != FS_DIRECTORY)
		return -ENOTDIR;
	if (place->node->links == 0)
		return -ENOENT;
	if (place->node->fixed)
		return -EROFS;
	node = node_make(FS_FILE, mode & ~fs_umask());
	if (!node)
		return -ENOSPC;
	node->linkable = !(flags & O_EXCL);
	return open_node(node, flags, to);
}

/* Of /proc: what it says now is a file without a name. */
static long open_text(const struct fs_node *node, uint32_t flags, struct file **to)
{
	struct fs_node *file;

	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EACCES;
	file = proc_file(node);
	return file ? open_node(file, flags, to) : -ENOMEM;
}

static long open_place(const struct fs_place *place, uint32_t flags, uint32_t mode, struct file **to)
{
	long error;

	if (place->file && !(flags & O_PATH)) { /* the same one: what is in no tree cannot be opened anew */
		*to = file_hold(place->file);
		return 0;
	}
	if (flags & TMPFILE)
		return place->node ? open_unnamed(place, flags, mode, to) : -ENOENT;
	if ((flags & O_CREAT) && place->slash && place->last == LAST_NAME)
		return -EISDIR;
	if (!place->node)
		return open_new(place, flags, mode, to);
	error = may_open(place, flags);
	if (!error && place->node->kind == FS_TEXT && !(flags & O_PATH))
		return open_text(place->node, flags, to);
	if (!error)
		error = open_node(node_hold(place->node), flags, to);
	if (!error && (flags & O_TRUNC) && place->node->kind == FS_FILE) {
		data_resize(&place->node->data, 0);
		stamp_now(place->node, STAMP_WRITE);
	}
	return error;
}

long fs_open(const struct file *from, const char *path, uint32_t flags, uint32_t mode, uint32_t resolve, struct file **to)
{
	struct fs_place place;
	long error;

	if (flags & O_PATH)
		flags &= FLAGS_OF_PATH | O_CLOEXEC;
	else if ((flags & TMPFILE) &&
		 ((flags & (O_DIRECTORY | O_CREAT)) != O_DIRECTORY || (flags & O_ACCMODE) == O_RDONLY))
		return -EINVAL;
	error = fs_walk(from, path, ways(flags, resolve), &place);
	if (error)
		return error;
	if (place_in_mount(&place))
		return mount_open(place.node, place.below, flags, mode & ~fs_umask(), resolve, to);
	return open_place(&place, flags, mode & 07777, to);
}

long fs_open_memory(struct file **to)
{
	struct fs_node *node = node_make(FS_FILE, 0777);

	return node ? open_node(node, O_RDWR, to) : -ENOMEM;
}

long fs_open_again(const struct file *file, struct file **to)
{
	return file->kind == FILE_TREE ? open_node(node_hold(file->node), O_RDONLY, to) : -EACCES;
}

void fs_close(struct file *file)
{
	fs_unlock_all(file, file);
	node_drop(file->node);
}
