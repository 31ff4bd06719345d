/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents of files of the image. A chunk comes to pages of the shim's own, is hashed there, and only then stands where
 * it can be found; the core lock is held meanwhile. Chunks that were read stay, until they are a quarter of the heap or
 * there is no memory for another: then the oldest go, and what is read of them again is compared again.
 */
#include <bearssl.h>
#include "../generated/config.h"
#include "../generated/hostcall_guest.h"
#include "../include/bytes.h"
#include "../include/heap.h"
#include "../include/image.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/pages.h"
#include "../include/platform.h"

_Static_assert(INDEX_CHUNK_BYTES <= HOSTCALL_DATA_SIZE, "a chunk is one host call");
_Static_assert(INDEX_DIGEST_BYTES == br_sha256_SIZE, "digest");

struct chunk {
	struct chunk *next; /* that came after it */
	uint64_t *slot;     /* where its file has the address of its pages */
	uint64_t pages;
};

static struct chunk *oldest, **newest = &oldest;
static uint64_t held; /* pages of all chunks */

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool drop_oldest(void)
{
	struct chunk *chunk = oldest;

	if (!chunk)
		return false;
	oldest = chunk->next;
	if (!oldest)
		newest = &oldest;
	held -= chunk->pages;
	memory_give(*chunk->slot, chunk->pages);
	*chunk->slot = 0;
	heap_put(chunk, sizeof(*chunk));
	return true;
}

static uint64_t take(uint64_t pages)
{
	uint64_t address;

	while (held + pages > memory_heap_pages() / 4 && drop_oldest())
		continue;
	do
		address = memory_take(pages);
	while (address == 0 && drop_oldest());
	return address;
}

static bool is_measured(uint64_t address, uint64_t length, const uint8_t *digest)
{
	uint8_t found[br_sha256_SIZE];
	br_sha256_context context;

	br_sha256_init(&context);
	br_sha256_update(&context, (const void *)address, length);
	br_sha256_out(&context, found);
	return memcmp(found, digest, sizeof(found)) == 0;
}

/* Brings a chunk to `address`: 0, or -EIO; whatever else the host says is a lie. */
static long fetch(const struct image_file *file, uint64_t index, uint64_t length, uint64_t address)
{
	uint64_t at = file->at + index * INDEX_CHUNK_BYTES;
	long got = host_image_read(platform_call(), (void *)address, length, (int64_t)at);

	if (got < 0)
		return -EIO;
	if ((uint64_t)got != length || !is_measured(address, length, file->digests + index * INDEX_DIGEST_BYTES))
		keep_refuse(REASON_IMAGE_CONTENTS);
	return 0;
}

static long load(struct image_file *file, uint64_t index)
{
	uint64_t length = min(INDEX_CHUNK_BYTES, file->size - index * INDEX_CHUNK_BYTES), pages = pages_of(length);
	struct chunk *chunk = heap_get(sizeof(*chunk));
	uint64_t address = chunk ? take(pages) : 0;
	long error = -ENOMEM;

	if (address) {
		memory_ready(address, length);
		error = fetch(file, index, length, address);
	}
	if (!error) {
		*chunk = (struct chunk){ NULL, &file->chunks[index], pages };
		*newest = chunk;
		newest = &chunk->next;
		held += pages;
		file->chunks[index] = address;
		return 0;
	}
	if (address)
		memory_give(address, pages);
	if (chunk)
		heap_put(chunk, sizeof(*chunk));
	return error;
}

long image_read(struct image_file *file, uint64_t to, uint64_t count, uint64_t at)
{
	uint64_t done = 0;

	if (count != 0 && !file->chunks)
		file->chunks = heap_get((file->size / INDEX_CHUNK_BYTES + 1) * sizeof(*file->chunks));
	if (count != 0 && !file->chunks)
		return -ENOMEM;
	while (done < count) {
		uint64_t index = (at + done) / INDEX_CHUNK_BYTES, from = (at + done) % INDEX_CHUNK_BYTES;
		uint64_t part = min(count - done, INDEX_CHUNK_BYTES - from);
		long error = file->chunks[index] ? 0 : load(file, index);

		if (error)
			return done ? (long)done : error;
		memcpy((void *)(to + done), (const void *)(file->chunks[index] + from), part);
		done += part;
	}
	return (long)done;
}
