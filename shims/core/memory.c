/* SPDX-License-Identifier: Apache-2.0 */
/* Where the application's memory is, and what the ledger says of a range of it. */
#include "include/memory.h"
#include "include/memory_state.h"

struct memory_state memory;

void memory_start(uint64_t start, uint64_t heap_start, uint64_t heap_end, uint64_t most, uint64_t threads)
{
	uint64_t pages = (heap_end - start) >> PAGE_SHIFT;
	uint64_t tables = ledger_tables(pages);

	if (tables >= heap_end - heap_start)
		keep_refuse(REASON_OUT_OF_MEMORY);
	ledger_start(&memory.ledger, start, pages, heap_start);
	memory.brk_start = heap_start + tables;
	memory.brk = memory.brk_start;
	memory.low = page_of(memory.brk_start);
	memory.top = pages;
	memory.take_low = memory.low + (pages - memory.low) / 8;
	memory.take_next = memory.take_low;
	memory.threads = threads;
	memory.most = most;
	ledger_write(&memory.ledger, page_of(heap_start), tables >> PAGE_SHIFT, PAGE_SHIM);
	/* The guard between the application's segments and the heap is nobody's. */
}

void memory_adopt(uint64_t address, uint64_t pages, unsigned perms)
{
	uint8_t state = (uint8_t)(PAGE_MAPPED | PAGE_ACCEPTED | PAGE_IMAGE | perms | (perms & PERM_W ? PAGE_IMAGE_W : 0));

	ledger_write(&memory.ledger, page_of(address), pages, state);
}

uint64_t memory_find(uint64_t pages)
{
	uint64_t page;

	if (!ledger_find(&memory.ledger, memory.low, memory.top, pages, &page))
		return 0;
	return address_of(page);
}

uint64_t memory_run(uint64_t address, uint64_t pages, uint8_t *state)
{
	uint64_t start = memory.ledger.base, end = address_of(memory.ledger.pages), most;

	*state = 0; /* outside there is nothing */
	if (address >= end)
		return pages;
	most = ((address < start ? start : end) - address) >> PAGE_SHIFT;
	if (most > pages)
		most = pages;
	return address < start ? most : ledger_run(&memory.ledger, page_of(address), page_of(address) + most, state);
}

bool memory_is_ours(uint64_t address, uint64_t pages)
{
	uint64_t end, part;
	uint8_t state;

	if (pages > memory.ledger.pages || __builtin_add_overflow(address, pages << PAGE_SHIFT, &end))
		return false;
	if (address < memory.ledger.base || end > address_of(memory.ledger.pages))
		return false;
	for (uint64_t at = address; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		if (state & PAGE_SHIM)
			return false;
		/* Below the heap only what the plan added has pages to have. */
		if (page_of(at) < memory.low && !(state & PAGE_IMAGE))
			return false;
	}
	return true;
}

/* Whether all pages of a range have (state & mask) == value. */
static bool all_are(uint64_t address, uint64_t pages, uint8_t mask, uint8_t value)
{
	uint64_t end = address + (pages << PAGE_SHIFT), part;
	uint8_t state;

	for (uint64_t at = address; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		if ((state & mask) != value)
			return false;
	}
	return true;
}

bool memory_is_free(uint64_t address, uint64_t pages)
{
	return all_are(address, pages, PAGE_MAPPED | PAGE_SHIM, 0);
}

bool memory_is_mapped(uint64_t address, uint64_t pages)
{
	return all_are(address, pages, PAGE_MAPPED, PAGE_MAPPED);
}

bool memory_is_alike(uint64_t address, uint64_t pages)
{
	uint8_t state;

	(void)memory_run(address, 1, &state);
	return (state & PAGE_MAPPED) &&
	       all_are(address, pages, (uint8_t)~PAGE_ACCEPTED, (uint8_t)(state & ~PAGE_ACCEPTED));
}

uint64_t memory_heap_pages(void)
{
	return memory.most;
}

uint64_t memory_spare_pages(void)
{
	return memory.used < memory.most ? memory.most - memory.used : 0;
}

uint64_t memory_brk(uint64_t address)
{
	uint64_t old = (memory.brk + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
	uint64_t now;

	if (address < memory.brk_start || address > address_of(memory.ledger.pages))
		return memory.brk;
	now = (address + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
	if (now < old && memory_unmap(now, (old - now) >> PAGE_SHIFT))
		return memory.brk;
	if (now > old) {
		uint64_t pages = (now - old) >> PAGE_SHIFT;

		if (!memory_is_free(old, pages) || memory_map(old, pages, PERM_R | PERM_W))
			return memory.brk;
	}
	memory.brk = address;
	return address;
}
