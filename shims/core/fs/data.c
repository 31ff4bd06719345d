/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file's contents: a tree of pages, 512 ways, as deep as the largest page number asks for. A page that is not there
 * reads as zeros; beyond the size, within its page, everything is zero.
 */
#include "../include/bytes.h"
#include "../include/fs_node.h"
#include "../include/heap.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"

_Static_assert(TABLE_SLOTS * sizeof(uint64_t) == PAGE_BYTES, "a table is a page");

/* Pages that a table's slot spans, in the `level`th table from the pages. */
static uint64_t span_of(unsigned level)
{
	return 1ull << (TABLE_SHIFT * (level - 1));
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Where the address of a page stands; NULL when there is no such place. `*level` is where the way there ends. */
static uint64_t *find_slot(const struct fs_data *data, uint64_t index, unsigned *level)
{
	const uint64_t *slot = &data->table;

	*level = data->levels;
	if (index >> (TABLE_SHIFT * data->levels))
		return NULL;
	for (; *level > 0; --*level) {
		if (*slot == 0)
			return NULL;
		slot = (const uint64_t *)*slot + (index / span_of(*level)) % TABLE_SLOTS;
	}
	return (uint64_t *)slot;
}

/* The same with the tables that lack; NULL when there is no memory. */
static uint64_t *make_slot(struct fs_data *data, uint64_t index)
{
	uint64_t *slot = &data->table;

	while (index >> (TABLE_SHIFT * data->levels)) {
		if (data->table) {
			uint64_t *above = heap_get(PAGE_BYTES);

			if (!above)
				return NULL;
			above[0] = data->table;
			data->table = (uint64_t)above;
		}
		data->levels++;
	}
	for (unsigned level = data->levels; level > 0; level--) {
		if (*slot == 0)
			*slot = (uint64_t)heap_get(PAGE_BYTES);
		if (*slot == 0)
			return NULL;
		slot = (uint64_t *)*slot + (index / span_of(level)) % TABLE_SLOTS;
	}
	return slot;
}

/* A page to write to, made if there is none; 0 when there is no memory. `more` follow. */
static uint64_t make_page(struct fs_data *data, uint64_t index, uint64_t more)
{
	uint64_t *slot = make_slot(data, index);

	if (!slot)
		return 0;
	if (*slot == 0) {
		*slot = page_get(more);
		data->pages += *slot != 0;
	}
	return *slot;
}

/* The first page number in [index, end) whose page is there, or is not; else `end`. */
static uint64_t next_page(const struct fs_data *data, uint64_t index, uint64_t end, bool there)
{
	while (index < end) {
		unsigned level;
		const uint64_t *slot = find_slot(data, index, &level);

		if ((slot && *slot) == there)
			return index;
		if (!slot && index >> (TABLE_SHIFT * data->levels))
			return end; /* nothing is that far */
		index = level == 0 ? index + 1 : (index | (span_of(level + 1) - 1)) + 1;
	}
	return end;
}

/* Gives back the pages [first, end) of what a slot spans, and the tables that are empty then. */
static void drop(struct fs_data *data, uint64_t *slot, unsigned level, uint64_t first, uint64_t end)
{
	uint64_t *table = (uint64_t *)*slot;
	bool empty = true;

	if (*slot == 0)
		return;
	if (level == 0) {
		page_put(*slot);
		data->pages--;
		*slot = 0;
		return;
	}
	for (uint64_t i = 0; i < TABLE_SLOTS; i++) {
		uint64_t start = i * span_of(level);
		uint64_t from = first > start ? first - start : 0;

		if (start < end && from < span_of(level))
			drop(data, &table[i], level - 1, from, min(end - start, span_of(level)));
		empty = empty && table[i] == 0;
	}
	if (empty) {
		heap_put(table, PAGE_BYTES);
		*slot = 0;
	}
}

static void drop_pages(struct fs_data *data, uint64_t first, uint64_t end)
{
	if (first >= end)
		return;
	drop(data, &data->table, data->levels, first, end);
	page_flush();
	if (data->table == 0)
		data->levels = 0;
}

/* Zeroes bytes within one page. */
static void clear(struct fs_data *data, uint64_t at, uint64_t count)
{
	uint64_t page = count ? data_page(data, at >> PAGE_SHIFT) : 0;

	if (page)
		memset((void *)(page + at % PAGE_BYTES), 0, count);
}

void data_read(const struct fs_data *data, uint64_t to, uint64_t count, uint64_t at)
{
	while (count) {
		uint64_t part = min(count, PAGE_BYTES - at % PAGE_BYTES);
		uint64_t page = data_page(data, at >> PAGE_SHIFT);

		if (page)
			memcpy((void *)to, (const void *)(page + at % PAGE_BYTES), part);
		else
			memset((void *)to, 0, part);
		to += part;
		at += part;
		count -= part;
	}
}

long data_write(struct fs_data *data, uint64_t from, uint64_t count, uint64_t at)
{
	uint64_t done = 0;

	while (done < count) {
		uint64_t part = min(count - done, PAGE_BYTES - at % PAGE_BYTES);
		uint64_t page = make_page(data, at >> PAGE_SHIFT, (count - done) >> PAGE_SHIFT);

		if (!page)
			break;
		memcpy((void *)(page + at % PAGE_BYTES), (const void *)(from + done), part);
		at += part;
		done += part;
	}
	if (done && at > data->size)
		data->size = at;
	return done || !count ? (long)done : -ENOSPC;
}

void data_resize(struct fs_data *data, uint64_t size)
{
	if (size < data->size) {
		uint64_t end = (size + PAGE_BYTES - 1) >> PAGE_SHIFT;

		if (size % PAGE_BYTES)
			clear(data, size, PAGE_BYTES - size % PAGE_BYTES);
		drop_pages(data, end, 1ull << (TABLE_SHIFT * data->levels));
	}
	data->size = size;
}

void data_punch(struct fs_data *data, uint64_t at, uint64_t count)
{
	uint64_t end = at + count, first = (at + PAGE_BYTES - 1) >> PAGE_SHIFT, last = end >> PAGE_SHIFT;

	if (first > last) { /* within one page */
		clear(data, at, count);
		return;
	}
	clear(data, at, (first << PAGE_SHIFT) - at);
	clear(data, last << PAGE_SHIFT, end % PAGE_BYTES);
	drop_pages(data, first, min(last, 1ull << (TABLE_SHIFT * data->levels)));
}

long data_fill(struct fs_data *data, uint64_t at, uint64_t count)
{
	uint64_t end = (at + count + PAGE_BYTES - 1) >> PAGE_SHIFT, index = at >> PAGE_SHIFT;

	if (end - index > memory_heap_pages())
		return -ENOSPC; /* without filling up all memory to find out */
	while (index < end && make_page(data, index, end - index))
		index++;
	if (index == end)
		return 0;
	drop_pages(data, (data->size + PAGE_BYTES - 1) >> PAGE_SHIFT, 1ull << (TABLE_SHIFT * data->levels));
	return -ENOSPC;
}

uint64_t data_seek(const struct fs_data *data, uint64_t at, bool hole)
{
	uint64_t end = (data->size + PAGE_BYTES - 1) >> PAGE_SHIFT;
	uint64_t index = next_page(data, at >> PAGE_SHIFT, end, !hole);
	uint64_t found = index << PAGE_SHIFT;

	return min(data->size, found > at ? found : at);
}
