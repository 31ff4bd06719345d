/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and seeking in open files and devices. */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/limits.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/random.h"

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool has_size(const struct fs_node *node)
{
	return node->kind == FS_FILE || node->kind == FS_IMAGE;
}

static uint64_t size_of(const struct fs_node *node)
{
	return node->kind == FS_IMAGE ? node->image.size : node->data.size;
}

static long read_node(struct fs_node *node, uint64_t to, uint64_t count, uint64_t at)
{
	if (node->kind == FS_DIRECTORY)
		return -EISDIR;
	if (node->kind == FS_NULL)
		return 0;
	if (has_size(node))
		count = at < size_of(node) ? min(count, size_of(node) - at) : 0;
	if (memory_touch(to, count, PERM_R | PERM_W))
		return -EFAULT;
	switch (node->kind) {
	case FS_FILE:
		data_read(&node->data, to, count, at);
		return (long)count;
	case FS_IMAGE:
		return IMAGES ? image_read(&node->image, to, count, at) : -EIO;
	case FS_ZERO:
	case FS_FULL:
		memset((void *)to, 0, count);
		return (long)count;
	case FS_RANDOM:
	case FS_URANDOM:
		random_bytes((void *)to, count);
		return (long)count;
	default:
		return -EINVAL;
	}
}

long fs_read(struct file *file, uint64_t to, uint64_t count, int64_t at)
{
	uint64_t from = at == FILE_POSITION ? file->position : (uint64_t)at;
	long result;

	if ((file->flags & O_ACCMODE) == O_WRONLY || (file->flags & O_PATH))
		return -EBADF;
	if (from + count > INT64_MAX) /* neither is beyond it */
		return -EINVAL;
	result = read_node(file->node, to, count, from);
	if (result > 0 && at == FILE_POSITION)
		file->position += (uint64_t)result;
	return result;
}

static long write_node(struct fs_node *node, uint64_t from, uint64_t count, uint64_t at)
{
	long result;

	if (memory_touch(from, count, PERM_R))
		return -EFAULT;
	if (node->kind == FS_FULL)
		return count ? -ENOSPC : 0;
	if (node->kind != FS_FILE || count == 0)
		return (long)count;
	result = data_write(&node->data, from, count, at);
	if (result > 0)
		stamp_now(node, STAMP_WRITE);
	return result;
}

long fs_write(struct file *file, uint64_t from, uint64_t count, int64_t at)
{
	uint64_t to = at == FILE_POSITION ? file->position : (uint64_t)at;
	long result;

	if ((file->flags & O_ACCMODE) == O_RDONLY || (file->flags & O_PATH))
		return -EBADF;
	if ((file->flags & O_APPEND) && file->node->kind == FS_FILE) /* pwrite() too, as in Linux */
		to = file->node->data.size;
	if (to + count > INT64_MAX)
		return -EINVAL;
	result = file->node->kind == FS_FILE ? limit_write(to, &count) : 0;
	if (!result)
		result = write_node(file->node, from, count, to);
	if (result > 0 && at == FILE_POSITION)
		file->position = to + (uint64_t)result;
	return result;
}

static long seek_to(struct file *file, int64_t base, int64_t offset)
{
	int64_t to;

	if (__builtin_add_overflow(base, offset, &to) || to < 0)
		return -EINVAL;
	file->position = (uint64_t)to;
	return to;
}

/* SEEK_DATA and SEEK_HOLE; the end is a hole. */
static long seek_data(struct file *file, int64_t offset, bool hole)
{
	const struct fs_node *node = file->node;
	uint64_t size = size_of(node), found;

	if (offset < 0 || (uint64_t)offset >= size)
		return -ENXIO;
	if (node->kind == FS_IMAGE) /* all of which is data */
		found = hole ? size : (uint64_t)offset;
	else
		found = data_seek(&node->data, (uint64_t)offset, hole);
	return !hole && found == size ? -ENXIO : seek_to(file, 0, (int64_t)found);
}

long fs_seek(struct file *file, int64_t offset, uint32_t whence)
{
	bool sized = has_size(file->node);

	if (file->flags & O_PATH)
		return -EBADF;
	if (whence > SEEK_HOLE)
		return -EINVAL;
	if (!sized && file->node->kind != FS_DIRECTORY)
		return 0;
	switch (whence) {
	case SEEK_SET:
		return seek_to(file, 0, offset);
	case SEEK_CUR:
		return seek_to(file, (int64_t)file->position, offset);
	case SEEK_END:
		return sized ? seek_to(file, (int64_t)size_of(file->node), offset) : -EINVAL;
	default:
		return sized ? seek_data(file, offset, whence == SEEK_HOLE) : -EINVAL;
	}
}

bool fs_can_sync(const struct file *file)
{
	return has_size(file->node) || file->node->kind == FS_DIRECTORY;
}

/* The modes of fallocate() that there are; those that move data are not. */
static long check_allocation(const struct file *file, uint32_t mode, int64_t at, int64_t count)
{
	int64_t end;

	if (at < 0 || count <= 0)
		return -EINVAL;
	if (mode & ~(uint32_t)(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	if ((mode & FALLOC_FL_PUNCH_HOLE) && mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if ((file->flags & O_ACCMODE) == O_RDONLY || (file->flags & O_PATH))
		return -EBADF;
	if (file->node->kind != FS_FILE)
		return -ENODEV;
	return __builtin_add_overflow(at, count, &end) ? -EFBIG : 0;
}

long fs_allocate(struct file *file, uint32_t mode, int64_t at, int64_t count)
{
	long error = check_allocation(file, mode, at, count);
	struct fs_data *data = &file->node->data;
	uint64_t end = (uint64_t)at + (uint64_t)count;

	if (!error && !(mode & FALLOC_FL_KEEP_SIZE))
		error = limit_size(data->size, end);
	if (error)
		return error;
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		data_punch(data, (uint64_t)at, (uint64_t)count);
	if (!(mode & FALLOC_FL_PUNCH_HOLE))
		error = data_fill(data, (uint64_t)at, (uint64_t)count);
	if (!error && !(mode & FALLOC_FL_KEEP_SIZE) && end > data->size)
		data->size = end;
	stamp_now(file->node, STAMP_WRITE);
	return error;
}
