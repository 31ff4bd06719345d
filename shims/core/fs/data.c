/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file's contents: one range of the shim's own pages, twice as large each time it is outgrown. Pages that were never
 * written cost nothing, and beyond the size everything is zero.
 */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/random.h"

static long grow(struct fs_node *node, uint64_t size)
{
	uint64_t pages = (size + PAGE_BYTES - 1) / PAGE_BYTES;
	uint64_t at = 0;

	if (pages <= node->pages)
		return 0;
	/* Double it where there is room for that, else take just what is needed. */
	if (pages < 2 * node->pages)
		at = memory_take(2 * node->pages);
	if (at)
		pages = 2 * node->pages;
	else
		at = memory_take(pages);
	if (at == 0)
		return -ENOSPC;
	if (node->pages) {
		memory_copy(at, node->data, node->pages);
		memory_give(node->data, node->pages);
	}
	node->data = at;
	node->pages = pages;
	return 0;
}

/* Zeroes [from, to) of the mapping. */
static void clear(struct fs_node *node, uint64_t from, uint64_t to)
{
	uint64_t page_end = (from + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
	uint64_t end = (to + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);

	if (from < page_end) {
		memory_ready(node->data + from, page_end - from);
		memset((void *)(node->data + from), 0, page_end - from);
	}
	if (page_end < end)
		memory_wipe(node->data + page_end, (end - page_end) / PAGE_BYTES);
}

long node_resize(struct fs_node *node, uint64_t size)
{
	long error;

	if (size > INT64_MAX - PAGE_BYTES)
		return -EFBIG;
	if (size == 0) {
		if (node->pages)
			memory_give(node->data, node->pages);
		node->data = 0;
		node->pages = 0;
	} else if (size < node->size) {
		clear(node, size, node->size);
	} else {
		error = grow(node, size);
		if (error)
			return error;
	}
	node->size = size;
	return 0;
}

long node_get(const struct fs_node *node, uint64_t to, uint64_t count, uint64_t at)
{
	if (memory_touch(to, count, PERM_R | PERM_W))
		return -EFAULT;
	switch (node->kind) {
	case FS_DIRECTORY:
		return -EISDIR;
	case FS_NULL:
		return 0;
	case FS_ZERO:
		memset((void *)to, 0, count);
		return (long)count;
	case FS_RANDOM:
		random_bytes((void *)to, count);
		return (long)count;
	case FS_FILE:
		break;
	}
	memory_ready(node->data + at, count);
	memmove((void *)to, (const void *)(node->data + at), count);
	return (long)count;
}

long node_put(struct fs_node *node, uint64_t from, uint64_t count, uint64_t at)
{
	if (memory_touch(from, count, PERM_R))
		return -EFAULT;
	if (node->kind == FS_DIRECTORY)
		return -EISDIR;
	if (node->kind != FS_FILE)
		return (long)count;
	memory_ready(node->data + at, count);
	memmove((void *)(node->data + at), (const void *)from, count);
	return (long)count;
}
