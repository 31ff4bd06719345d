/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"

static struct fs_node root;
static struct fs_node *free_nodes;
static uint64_t last_number;

/* A page of nodes for the list of free ones. */
static bool more_nodes(void)
{
	uint64_t page = memory_take(1);

	if (page == 0)
		return false;
	memory_ready(page, PAGE_BYTES);
	for (uint64_t at = 0; at + sizeof(struct fs_node) <= PAGE_BYTES; at += sizeof(struct fs_node)) {
		struct fs_node *node = (struct fs_node *)(page + at);

		node->next = free_nodes;
		free_nodes = node;
	}
	return true;
}

struct fs_node *node_make(struct fs_node *directory, const char *name, size_t length, enum fs_kind kind, uint32_t mode)
{
	struct fs_node *node;

	if (!free_nodes && !more_nodes())
		return NULL;
	node = free_nodes;
	free_nodes = node->next;
	memset(node, 0, sizeof(*node));
	node->number = ++last_number;
	node->kind = kind;
	node->mode = mode & 07777;
	node_link(node, directory, name, length);
	return node;
}

/* What is there before the application makes anything. */
static void populate(void)
{
	static const char names[][8] = { "null", "zero", "random", "urandom" };
	static const enum fs_kind kinds[] = { FS_NULL, FS_ZERO, FS_RANDOM, FS_RANDOM };
	struct fs_node *directory;

	root.parent = &root;
	root.kind = FS_DIRECTORY;
	root.mode = 0755;
	root.number = ++last_number;
	if (!node_make(&root, "tmp", 3, FS_DIRECTORY, 01777))
		keep_refuse(REASON_OUT_OF_MEMORY);
	directory = node_make(&root, "var", 3, FS_DIRECTORY, 0755);
	if (!directory || !node_make(directory, "tmp", 3, FS_DIRECTORY, 01777))
		keep_refuse(REASON_OUT_OF_MEMORY);
	directory = node_make(&root, "dev", 3, FS_DIRECTORY, 0755);
	if (!directory)
		keep_refuse(REASON_OUT_OF_MEMORY);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!node_make(directory, names[i], strlen(names[i]), kinds[i], 0666))
			keep_refuse(REASON_OUT_OF_MEMORY);
}

struct fs_node *node_root(void)
{
	if (!root.parent)
		populate();
	return &root;
}

struct fs_node *node_child(const struct fs_node *directory, const char *name, size_t length)
{
	for (struct fs_node *node = directory->child; node; node = node->next)
		if (memcmp(node->name, name, length) == 0 && node->name[length] == 0)
			return node;
	return NULL;
}

void node_link(struct fs_node *node, struct fs_node *directory, const char *name, size_t length)
{
	memset(node->name, 0, sizeof(node->name));
	memcpy(node->name, name, length);
	node->parent = directory;
	node->next = directory->child;
	directory->child = node;
}

void node_unlink(struct fs_node *node)
{
	struct fs_node **link = &node->parent->child;

	while (*link != node)
		link = &(*link)->next;
	*link = node->next;
	node->parent = NULL;
}

void node_drop(struct fs_node *node)
{
	if (node->parent || node->opens)
		return;
	(void)node_resize(node, 0);
	node->next = free_nodes;
	free_nodes = node;
}

void node_stat(const struct fs_node *node, struct stat *to)
{
	static const uint32_t types[] = { 0100000, 0040000, 0020000, 0020000, 0020000 };
	static const uint32_t devices[] = { 0, 0, 0x103, 0x105, 0x109 }; /* 1:3, 1:5, 1:9 */

	memset(to, 0, sizeof(*to));
	to->dev = 1;
	to->ino = node->number;
	to->nlink = node->parent ? 1 : 0;
	if (node->kind == FS_DIRECTORY) {
		to->nlink = 2;
		for (const struct fs_node *child = node->child; child; child = child->next)
			to->nlink += child->kind == FS_DIRECTORY;
	}
	to->mode = types[node->kind] | node->mode;
	to->rdev = devices[node->kind];
	to->size = (int64_t)node->size;
	to->blksize = PAGE_BYTES;
	to->blocks = (int64_t)((node->size + 511) / 512);
}
