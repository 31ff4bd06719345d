/* SPDX-License-Identifier: Apache-2.0 */
/* Open files of the tree: a node, a position and flags. */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/user.h"

long fs_open(struct file *from, const char *path, uint32_t flags, uint32_t mode, struct file **to)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY;
	struct fs_place place;
	long result;

	if ((flags & O_TMPFILE) == O_TMPFILE || (flags & O_PATH))
		return -EOPNOTSUPP;
	result = fs_place(from, path, &place);
	if (result)
		return result;
	if (place.node) {
		if ((flags & O_CREAT) && (flags & O_EXCL))
			return -EEXIST;
		if (place.node->kind == FS_DIRECTORY && (writes || (flags & O_CREAT)))
			return -EISDIR;
		if (place.node->kind != FS_DIRECTORY && (flags & O_DIRECTORY))
			return -ENOTDIR;
	} else {
		if (!(flags & O_CREAT))
			return -ENOENT;
		if (place.slash || (flags & O_DIRECTORY))
			return place.slash ? -EISDIR : -EINVAL;
		place.node = node_make(place.directory, place.name, place.length, FS_FILE, mode);
		if (!place.node)
			return -ENOSPC;
	}
	*to = file_new(FILE_TREE, flags & ~(uint32_t)(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC));
	if (!*to)
		return -ENOMEM;
	(*to)->node = place.node;
	place.node->opens++;
	if ((flags & O_TRUNC) && writes && place.node->kind == FS_FILE)
		(void)node_resize(place.node, 0);
	return 0;
}

void fs_close(struct file *file)
{
	file->node->opens--;
	node_drop(file->node);
}

long fs_read(struct file *file, uint64_t to, uint64_t count, int64_t at)
{
	uint64_t from = at == FILE_POSITION ? file->position : (uint64_t)at;
	long result;

	if ((file->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	if (count > INT32_MAX)
		count = INT32_MAX & ~4095u;
	if (file->node->kind == FS_FILE) {
		uint64_t left = from < file->node->size ? file->node->size - from : 0;

		if (count > left)
			count = left;
		if (count == 0)
			return 0;
	}
	result = node_get(file->node, to, count, from);
	if (result > 0 && at == FILE_POSITION)
		file->position += (uint64_t)result;
	return result;
}

long fs_write(struct file *file, uint64_t from, uint64_t count, int64_t at)
{
	struct fs_node *node = file->node;
	uint64_t to = at == FILE_POSITION ? file->position : (uint64_t)at;
	uint64_t size = node->size, end;
	long result;

	if ((file->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (count > INT32_MAX)
		count = INT32_MAX & ~4095u;
	if (file->flags & O_APPEND) /* pwrite() too, as in Linux */
		to = size;
	if (count == 0)
		return 0;
	if (__builtin_add_overflow(to, count, &end) || end > INT64_MAX)
		return -EFBIG;
	if (node->kind == FS_FILE && end > size) {
		result = node_resize(node, end);
		if (result)
			return result;
	}
	result = node_put(node, from, count, to);
	if (result < 0 && node->size != size)
		(void)node_resize(node, size);
	if (result > 0 && at == FILE_POSITION)
		file->position = to + (uint64_t)result;
	return result;
}

long fs_seek(struct file *file, int64_t offset, uint32_t whence)
{
	int64_t base, to;

	switch (whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = (int64_t)file->position;
		break;
	case SEEK_END:
		base = (int64_t)file->node->size;
		break;
	default:
		return -EINVAL;
	}
	if (file->node->kind != FS_FILE && file->node->kind != FS_DIRECTORY)
		return 0;
	if (__builtin_add_overflow(base, offset, &to) || to < 0)
		return -EINVAL;
	file->position = (uint64_t)to;
	return to;
}

long fs_truncate(struct file *file, int64_t size)
{
	if (size < 0 || file->node->kind != FS_FILE || (file->flags & O_ACCMODE) == O_RDONLY)
		return -EINVAL;
	return node_resize(file->node, (uint64_t)size);
}

void fs_stat(struct file *file, struct stat *to)
{
	node_stat(file->node, to);
}
