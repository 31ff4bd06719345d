/* SPDX-License-Identifier: Apache-2.0 */
/* Open files: a node, a position and flags. Duplicated descriptors share one. */
#include "../include/bytes.h"
#include "../include/files.h"
#include "../include/fs_open.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/user.h"

/* As many as there can be descriptors. */
static struct fs_open open_files[FILES_MOST];

struct fs_open *open_of(int32_t handle)
{
	return &open_files[handle - HANDLE_FS];
}

static long open_node(struct fs_node *node, uint32_t flags)
{
	for (int32_t i = 0; i < FILES_MOST; i++) {
		if (open_files[i].node)
			continue;
		open_files[i] = (struct fs_open){ .node = node, .flags = flags };
		node->opens++;
		return HANDLE_FS + i;
	}
	return -ENFILE;
}

long fs_open(int32_t from, const char *path, uint32_t flags, uint32_t mode)
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
	result = open_node(place.node, flags & ~(uint32_t)(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC));
	if (result >= 0 && (flags & O_TRUNC) && writes && place.node->kind == FS_FILE)
		(void)node_resize(place.node, 0);
	return result;
}

void fs_close(int32_t handle)
{
	struct fs_node *node = open_of(handle)->node;

	open_of(handle)->node = NULL;
	node->opens--;
	node_drop(node);
}

long fs_read(int32_t handle, uint64_t to, uint64_t count, int64_t at)
{
	struct fs_open *open = open_of(handle);
	uint64_t from = at == FS_AT_OFFSET ? open->offset : (uint64_t)at;
	long result;

	if ((open->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	if (count > INT32_MAX)
		count = INT32_MAX & ~4095u;
	if (open->node->kind == FS_FILE) {
		uint64_t left = from < open->node->size ? open->node->size - from : 0;

		if (count > left)
			count = left;
		if (count == 0)
			return 0;
	}
	result = node_get(open->node, to, count, from);
	if (result > 0 && at == FS_AT_OFFSET)
		open->offset += (uint64_t)result;
	return result;
}

long fs_write(int32_t handle, uint64_t from, uint64_t count, int64_t at)
{
	struct fs_open *open = open_of(handle);
	struct fs_node *node = open->node;
	uint64_t to = at == FS_AT_OFFSET ? open->offset : (uint64_t)at;
	uint64_t size = node->size, end;
	long result;

	if ((open->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (count > INT32_MAX)
		count = INT32_MAX & ~4095u;
	if (open->flags & O_APPEND) /* pwrite() too, as in Linux */
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
	if (result > 0 && at == FS_AT_OFFSET)
		open->offset = to + (uint64_t)result;
	return result;
}

long fs_seek(int32_t handle, int64_t offset, uint32_t whence)
{
	struct fs_open *open = open_of(handle);
	int64_t base, to;

	switch (whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = (int64_t)open->offset;
		break;
	case SEEK_END:
		base = (int64_t)open->node->size;
		break;
	default:
		return -EINVAL;
	}
	if (open->node->kind != FS_FILE && open->node->kind != FS_DIRECTORY)
		return 0;
	if (__builtin_add_overflow(base, offset, &to) || to < 0)
		return -EINVAL;
	open->offset = (uint64_t)to;
	return to;
}

long fs_truncate(int32_t handle, int64_t size)
{
	struct fs_open *open = open_of(handle);

	if (size < 0 || open->node->kind != FS_FILE || (open->flags & O_ACCMODE) == O_RDONLY)
		return -EINVAL;
	return node_resize(open->node, (uint64_t)size);
}

void fs_stat(int32_t handle, struct stat *to)
{
	node_stat(open_of(handle)->node, to);
}

uint32_t fs_flags(int32_t handle)
{
	return open_of(handle)->flags;
}

void fs_set_flags(int32_t handle, uint32_t flags)
{
	struct fs_open *open = open_of(handle);

	open->flags = (open->flags & ~(uint32_t)(O_APPEND | O_NONBLOCK)) | (flags & (O_APPEND | O_NONBLOCK));
}
