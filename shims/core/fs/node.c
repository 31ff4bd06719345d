/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/heap.h"
#include "../include/linux.h"
#include "../include/platform.h"

#define COOKIE_FIRST 2 /* 0 is `.`, 1 is `..` */

static uint64_t last_number;

/* By enum fs_kind: st_mode's type, and st_rdev. */
static const struct {
	uint32_t type, device;
} shown[] = {
	[FS_FILE] = { S_IFREG, 0 },
	[FS_IMAGE] = { S_IFREG, 0 },
	[FS_DIRECTORY] = { S_IFDIR, 0 },
	[FS_LINK] = { S_IFLNK, 0 },
	[FS_NULL] = { S_IFCHR, 0x103 },
	[FS_ZERO] = { S_IFCHR, 0x105 },
	[FS_FULL] = { S_IFCHR, 0x107 },
	[FS_RANDOM] = { S_IFCHR, 0x108 },
	[FS_URANDOM] = { S_IFCHR, 0x109 },
	[FS_TTY] = { S_IFCHR, 0x500 },
	[FS_SOCKET] = { S_IFSOCK, 0 },
	[FS_FIFO] = { S_IFIFO, 0 },
	[FS_MOUNT] = { S_IFDIR, 0 },
	[FS_TEXT] = { S_IFREG, 0 },
	[FS_MAGIC] = { S_IFLNK, 0 },
	[FS_FDS] = { S_IFDIR, 0 },
	[FS_TASKS] = { S_IFDIR, 0 },
};

struct fs_node *node_make(enum fs_kind kind, uint32_t mode)
{
	struct fs_node *node = heap_get(sizeof(*node));

	if (!node)
		return NULL;
	node->number = ++last_number;
	node->kind = kind;
	node->mode = mode & 07777;
	node->holds = 1;
	if (kind == FS_DIRECTORY)
		node->directory.cookie = COOKIE_FIRST;
	stamp_now(node, STAMP_ALL);
	return node;
}

void node_drop(struct fs_node *node)
{
	/* A directory without a name has none in it, so this goes up a path at most. */
	while (--node->holds == 0 && node->links == 0) {
		struct fs_node *parent = NULL;

		stamp_forget(node);
		if (node->kind == FS_FILE)
			data_resize(&node->data, 0);
		else if (node->kind == FS_LINK)
			heap_put(node->link.text, node->link.length + 1);
		else if (node->kind == FS_DIRECTORY)
			parent = node->directory.parent;
		heap_put(node, sizeof(*node));
		if (!parent)
			return;
		node = parent;
	}
}

uint32_t node_type(const struct fs_node *node)
{
	return shown[node->kind].type;
}

enum fs_kind node_kind(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return FS_DIRECTORY;
	case S_IFSOCK:
		return FS_SOCKET;
	case S_IFIFO:
		return FS_FIFO;
	default:
		return FS_FILE;
	}
}

void node_stat(struct fs_node *node, struct stat *to)
{
	static const struct timespec fixed[FS_STAMPS] = { { IMAGE_TIME, 0 }, { IMAGE_TIME, 0 }, { IMAGE_TIME, 0 } };
	const struct timespec *times = node->stamps.time;

	if (node->fixed)
		times = fixed;
	else
		stamp_settle(node);
	*to = (struct stat){
		.dev = node->fixed ? IMAGE_DEVICE : FS_DEVICE,
		.ino = node->number,
		.nlink = node->links,
		.mode = shown[node->kind].type | node->mode,
		.uid = node->uid,
		.gid = node->gid,
		.rdev = shown[node->kind].device,
		.blksize = PAGE_BYTES,
		.atime = times[FS_ACCESSED],
		.mtime = times[FS_WRITTEN],
		.ctime = times[FS_CHANGED],
	};
	switch (node->kind) {
	case FS_FILE:
		to->size = (int64_t)node->data.size;
		to->blocks = (int64_t)(node->data.pages * (PAGE_BYTES / 512));
		break;
	case FS_IMAGE:
		to->size = (int64_t)node->image.size;
		to->blocks = (int64_t)((node->image.size + 511) / 512);
		break;
	case FS_DIRECTORY:
		to->nlink = node->links ? 2 + node->directory.below : 0;
		break;
	case FS_FDS:
	case FS_TASKS:
		to->nlink = 2;
		break;
	case FS_LINK:
		to->size = (int64_t)node->link.length;
		break;
	default:
		break;
	}
}
