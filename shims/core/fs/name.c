/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names. One table of hashes has those of all directories, so that a directory costs what it holds; besides, each
 * directory has its own in a list, in the order of their cookies.
 */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/heap.h"
#include "../include/linux.h"

#define BUCKETS_LEAST 256

static struct fs_entry **buckets;
static uint64_t bucket_count, names;

/* FNV-1a, begun with the directory. */
static uint64_t hash_of(const struct fs_node *directory, const char *name, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ directory->number;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3ull;
	return hash ^ hash >> 32;
}

static struct fs_entry **bucket_of(uint64_t hash)
{
	return &buckets[hash & (bucket_count - 1)];
}

/* Twice as many buckets, if there is memory for them; with fewer it is only slower. */
static bool widen(void)
{
	uint64_t old_count = bucket_count;
	struct fs_entry **old = buckets;
	struct fs_entry **wide = heap_get((old_count ? 2 * old_count : BUCKETS_LEAST) * sizeof(*wide));

	if (!wide)
		return old_count != 0;
	buckets = wide;
	bucket_count = old_count ? 2 * old_count : BUCKETS_LEAST;
	for (uint64_t i = 0; i < old_count; i++) {
		struct fs_entry *entry = old[i], *after;

		for (; entry; entry = after) {
			after = entry->chain;
			entry->chain = *bucket_of(entry->hash);
			*bucket_of(entry->hash) = entry;
		}
	}
	if (old)
		heap_put(old, old_count * sizeof(*old));
	return true;
}

struct fs_entry *name_find(const struct fs_node *directory, const char *name, size_t length)
{
	uint64_t hash = hash_of(directory, name, length);
	struct fs_entry *entry = bucket_count ? *bucket_of(hash) : NULL;

	while (entry && !(entry->hash == hash && entry->directory == directory && entry->length == length &&
			  memcmp(entry->name, name, length) == 0))
		entry = entry->chain;
	return entry;
}

/* Makes an entry a name of the node. */
static void attach(struct fs_entry *entry, struct fs_node *node)
{
	entry->node = node;
	entry->other = node->names;
	node->names = entry;
	node->links++;
	stamp_now(node, STAMP_CHANGE);
	stamp_now(entry->directory, STAMP_WRITE);
	if (node_is_directory(node))
		entry->directory->directory.below++;
	if (node->kind == FS_DIRECTORY) {
		struct fs_node *old = node->directory.parent;

		node->directory.parent = node_hold(entry->directory);
		if (old)
			node_drop(old);
	}
}

/* And takes it away; who does it holds the node. */
static void detach(struct fs_entry *entry)
{
	struct fs_node *node = entry->node;
	struct fs_entry **link = &node->names;

	while (*link != entry)
		link = &(*link)->other;
	*link = entry->other;
	node->links--;
	stamp_now(node, STAMP_CHANGE);
	stamp_now(entry->directory, STAMP_WRITE);
	if (node_is_directory(node))
		entry->directory->directory.below--;
}

long name_add(struct fs_node *directory, const char *name, size_t length, struct fs_node *node)
{
	struct fs_directory *list = &directory->directory;
	struct fs_entry *entry = NULL;

	if (names < bucket_count || widen())
		entry = heap_get(sizeof(*entry) + length);
	if (!entry)
		return -ENOSPC;
	memcpy(entry->name, name, length);
	entry->length = (uint32_t)length;
	entry->directory = directory;
	entry->hash = hash_of(directory, name, length);
	entry->chain = *bucket_of(entry->hash);
	*bucket_of(entry->hash) = entry;
	names++;
	entry->cookie = list->cookie++;
	entry->previous = list->last;
	if (list->last)
		list->last->next = entry;
	else
		list->first = entry;
	list->last = entry;
	attach(entry, node);
	return 0;
}

void name_remove(struct fs_entry *entry)
{
	struct fs_directory *list = &entry->directory->directory;
	struct fs_entry **link = bucket_of(entry->hash);
	struct fs_node *node = node_hold(entry->node);

	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
	names--;
	*(entry->previous ? &entry->previous->next : &list->first) = entry->next;
	*(entry->next ? &entry->next->previous : &list->last) = entry->previous;
	detach(entry);
	heap_put(entry, sizeof(*entry) + entry->length);
	node_drop(node);
}

void name_replace(struct fs_entry *entry, struct fs_node *node)
{
	struct fs_node *old = node_hold(entry->node);

	detach(entry);
	attach(entry, node);
	node_drop(old);
}

struct fs_entry *name_from(const struct fs_node *directory, uint64_t cookie)
{
	struct fs_entry *entry = directory->directory.first;

	while (entry && entry->cookie < cookie)
		entry = entry->next;
	return entry;
}
