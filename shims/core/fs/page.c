/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of contents. They are taken several at a time, and pages that follow each other are given back together: looking
 * for room, and telling the host, cost as much for one page as for many.
 */
#include "../include/fs_node.h"
#include "../include/memory.h"
#include "../include/platform.h"

#define BATCH_LEAST 16
#define BATCH_MOST 256

static uint64_t next, next_end;   /* taken, and not used yet */
static uint64_t freed, freed_end; /* not used any more, and not given back yet */
static uint64_t count;

static bool take(uint64_t wanted)
{
	uint64_t pages = wanted < BATCH_LEAST ? BATCH_LEAST : wanted > BATCH_MOST ? BATCH_MOST : wanted;

	next = memory_take(pages);
	if (next == 0) {
		pages = 1;
		next = memory_take(pages);
	}
	next_end = next + (next ? pages << PAGE_SHIFT : 0);
	return next != 0;
}

uint64_t page_get(uint64_t more)
{
	uint64_t page;

	if (next == next_end && !take(more))
		return 0;
	page = next;
	next += PAGE_BYTES;
	count++;
	memory_ready(page, PAGE_BYTES);
	return page;
}

void page_flush(void)
{
	if (freed != freed_end)
		memory_give(freed, (freed_end - freed) >> PAGE_SHIFT);
	freed = freed_end = 0;
}

void page_put(uint64_t page)
{
	count--;
	if (page != freed_end)
		page_flush();
	if (freed == freed_end)
		freed = page;
	freed_end = page + PAGE_BYTES;
}

uint64_t page_count(void)
{
	return count;
}
