/* SPDX-License-Identifier: Apache-2.0 */
/* Where the application's memory is, and what the ledger says of a range of it. */
#include "include/memory.h"
#include "include/memory_state.h"

struct memory_state memory;

void memory_start(uint64_t start, uint64_t heap_start, uint64_t heap_end)
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
	ledger_write(&memory.ledger, page_of(heap_start), tables >> PAGE_SHIFT, PAGE_SHIM);
	/* The guard between the application's segments and the heap is nobody's. */
}

void memory_adopt(uint64_t address, uint64_t pages, unsigned perms)
{
	uint8_t state = (uint8_t)(PAGE_MAPPED | PAGE_ACCEPTED | PAGE_IMAGE | perms);

	ledger_write(&memory.ledger, page_of(address), pages, state);
}

uint64_t memory_find(uint64_t pages)
{
	uint64_t page;

	if (!ledger_find(&memory.ledger, memory.low, memory.top, pages, &page))
		return 0;
	return address_of(page);
}

bool memory_is_ours(uint64_t address, uint64_t pages)
{
	uint64_t first, part;
	uint8_t state;

	if (address < memory.ledger.base)
		return false;
	first = page_of(address);
	if (first > memory.ledger.pages || pages > memory.ledger.pages - first)
		return false;
	for (uint64_t page = first; page < first + pages; page += part) {
		part = ledger_run(&memory.ledger, page, first + pages, &state);
		if (state & PAGE_SHIM)
			return false;
		/* Below the heap only what the plan added has pages to have. */
		if (page < memory.low && !(state & PAGE_IMAGE))
			return false;
	}
	return true;
}

/* Whether all pages of a range have (state & mask) == value. */
static bool all_are(uint64_t address, uint64_t pages, uint8_t mask, uint8_t value)
{
	uint64_t first = page_of(address), part;
	uint8_t state;

	for (uint64_t page = first; page < first + pages; page += part) {
		part = ledger_run(&memory.ledger, page, first + pages, &state);
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

bool memory_is(uint64_t address, uint64_t pages, unsigned perms)
{
	return all_are(address, pages, PAGE_MAPPED | PERM_MASK, (uint8_t)(PAGE_MAPPED | perms));
}

void memory_accept(uint64_t page, uint64_t count, uint8_t state)
{
	platform_accept(address_of(page), count);
	ledger_write(&memory.ledger, page, count, (uint8_t)(state | PAGE_ACCEPTED));
}

uint64_t memory_heap_pages(void)
{
	return memory.ledger.pages - memory.low;
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
