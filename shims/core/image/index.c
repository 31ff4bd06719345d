/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file index (docs/config-blob.md), once a Keep's life: it is read, compared with what the attested config blob says
 * of it, and made into nodes. It stays, for the digests in it. An index that is the right one and malformed was
 * measured so by who made the Keep; it must do no more harm than to end it.
 */
#include <bearssl.h>
#include "../generated/hostcall_guest.h"
#include "../include/bytes.h"
#include "../include/config_blob.h"
#include "../include/fs_node.h"
#include "../include/heap.h"
#include "../include/linux.h"
#include "../include/platform.h"

#define DIRECTORY_MODE 0555

/* What is left of an index. */
struct reader {
	const uint8_t *at, *end;
	uint64_t contents; /* where those of the next file begin */
};

/* Bytes that are there, padded to `unit`. */
static const uint8_t *take(struct reader *reader, uint64_t count, uint64_t unit)
{
	const uint8_t *from = reader->at;
	uint64_t padded = (count + unit - 1) & ~(unit - 1);

	if (padded < count || padded > (uint64_t)(reader->end - from))
		keep_refuse(REASON_IMAGE_INDEX);
	reader->at += padded;
	return from;
}

/* A new node of the image: a name holds it from here on. */
static struct fs_node *plant(struct fs_node *directory, const char *name, size_t length, enum fs_kind kind, uint32_t mode)
{
	struct fs_node *node = node_make(kind, mode);

	if (!node || name_add(directory, name, length, node))
		keep_refuse(REASON_OUT_OF_MEMORY);
	node->fixed = true;
	node_drop(node);
	return node;
}

/* The directory of that name, made if it is not there; nothing else may be. */
static struct fs_node *enter(struct fs_node *directory, const char *name, size_t length)
{
	const struct fs_entry *entry = name_find(directory, name, length);

	if (!entry)
		return plant(directory, name, length, FS_DIRECTORY, DIRECTORY_MODE);
	if (entry->node->kind != FS_DIRECTORY)
		keep_refuse(REASON_IMAGE_INDEX);
	return entry->node;
}

static bool is_name(const char *name, size_t length)
{
	return length != 0 && length <= NAME_MAX && name[0] != 0 && !(length == 1 && name[0] == '.') &&
	       !(length == 2 && name[0] == '.' && name[1] == '.');
}

/* The node that a path of an entry is the name of, and the directories on the way. */
static struct fs_node *plant_path(const char *path, size_t length, enum fs_kind kind, uint32_t mode)
{
	struct fs_node *directory = node_root();
	size_t start = 1, end;

	if (length < 2 || length >= PATH_MAX || path[0] != '/')
		keep_refuse(REASON_IMAGE_INDEX);
	for (;; start = end + 1) {
		for (end = start; end < length && path[end] != '/' && path[end] != 0; end++)
			continue;
		if (!is_name(path + start, end - start) || (end < length && path[end] == 0))
			keep_refuse(REASON_IMAGE_INDEX);
		if (end == length)
			break;
		directory = enter(directory, path + start, end - start);
	}
	if (name_find(directory, path + start, end - start))
		keep_refuse(REASON_IMAGE_INDEX);
	return plant(directory, path + start, end - start, kind, mode);
}

static void plant_link(struct fs_node *node, const char *text, size_t length)
{
	char *copy = heap_get(length + 1);

	if (!copy)
		keep_refuse(REASON_OUT_OF_MEMORY);
	node->link.text = memcpy(copy, text, length);
	node->link.length = length;
}

static void plant_file(struct fs_node *node, uint64_t size, struct reader *reader)
{
	uint64_t chunks = size / INDEX_CHUNK_BYTES + (size % INDEX_CHUNK_BYTES != 0);

	if (chunks > INDEX_MAX / INDEX_DIGEST_BYTES)
		keep_refuse(REASON_IMAGE_INDEX);
	node->image.size = size;
	node->image.at = reader->contents;
	node->image.digests = take(reader, chunks * INDEX_DIGEST_BYTES, INDEX_DIGEST_BYTES);
	reader->contents += size;
}

static void plant_entry(struct reader *reader)
{
	const struct file_entry *entry = (const void *)take(reader, sizeof(*entry), sizeof(*entry));
	uint64_t text = entry->mode == INDEX_MODE_LINK ? entry->size : 0;
	const char *path;

	if (text >= PATH_MAX || entry->reserved_00e != 0)
		keep_refuse(REASON_IMAGE_INDEX);
	path = (const char *)take(reader, entry->path_length + text, sizeof(uint64_t));
	switch (entry->mode) {
	case INDEX_MODE_FILE:
	case INDEX_MODE_PROGRAM:
		plant_file(plant_path(path, entry->path_length, FS_IMAGE, entry->mode), entry->size, reader);
		break;
	case INDEX_MODE_LINK:
		plant_link(plant_path(path, entry->path_length, FS_LINK, entry->mode), path + entry->path_length, text);
		break;
	case INDEX_MODE_DIRECTORY:
		(void)plant_path(path, entry->path_length, FS_DIRECTORY, entry->mode);
		break;
	default:
		keep_refuse(REASON_IMAGE_INDEX);
	}
}

static void plant_all(const uint8_t *index, uint64_t length)
{
	const struct file_index *head = (const void *)index;
	struct reader reader = { index + sizeof(*head), index + length, length };
	uint32_t count = 0;

	if (length < sizeof(*head) || head->magic != INDEX_MAGIC || head->version != INDEX_VERSION ||
	    head->length != length || head->reserved_014 != 0)
		keep_refuse(REASON_IMAGE_INDEX);
	for (; reader.at != reader.end; count++)
		plant_entry(&reader);
	if (count != head->entries || reader.contents - length != head->contents)
		keep_refuse(REASON_IMAGE_INDEX);
}

/* From the host to the Keep, once. */
static uint8_t *fetch(uint64_t length)
{
	uint8_t *index = heap_get(length);

	if (!index)
		keep_refuse(REASON_OUT_OF_MEMORY);
	for (uint64_t at = 0; at < length;) {
		long got = host_image_read(platform_call(), index + at, length - at, (int64_t)at);

		if (got <= 0)
			keep_refuse(REASON_IMAGE_INDEX);
		at += (uint64_t)got;
	}
	return index;
}

static bool is_digest(const uint8_t *index, uint64_t length, const char *hex)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[br_sha256_SIZE];
	br_sha256_context context;
	bool same = true;

	br_sha256_init(&context);
	br_sha256_update(&context, index, length);
	br_sha256_out(&context, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		same = same && hex[2 * i] == digits[digest[i] >> 4] && hex[2 * i + 1] == digits[digest[i] & 15];
	return same;
}

/* The length in decimal, a NUL, the digest. */
static void start(const struct config_value *record)
{
	uint64_t length = 0;
	size_t digits = 0;
	uint8_t *index;

	for (; digits < record->length && record->value[digits] >= '0' && record->value[digits] <= '9'; digits++)
		if (length <= INDEX_MAX)
			length = 10 * length + (uint64_t)(record->value[digits] - '0');
	if (length == 0 || length > INDEX_MAX || record->length != digits + 1 + 2 * br_sha256_SIZE)
		keep_refuse(REASON_CONFIG_FORMAT);
	index = fetch(length);
	if (!is_digest(index, length, record->value + digits + 1))
		keep_refuse(REASON_IMAGE_INDEX);
	plant_all(index, length);
}

void image_start(const void *blob)
{
	struct config_value record = { 0 };

	while (config_next(blob, &record))
		if (record.type == CONFIG_TYPE_IMAGE)
			start(&record);
}
