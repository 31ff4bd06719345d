/* SPDX-License-Identifier: Apache-2.0 */
#include "include/memory.h"
#include "include/bytes.h"
#include "include/linux.h"
#include "include/platform.h"

/* Pages that one fault brings in: neighbours are mostly used next, and a fault costs far more than an acceptance. */
#define FAULT_BATCH 16
/* An unmapped run shorter than this stays accepted, for the next mapping: giving it back takes two host calls. */
#define TRIM_LEAST 16

static struct {
	struct ledger ledger;
	uint64_t low; /* page numbers: the first above the tables; brk and mappings are from here on */
	uint64_t top; /* all pages from here on are mapped */
	uint64_t brk_start;
	uint64_t brk;
} memory;

static uint64_t page_of(uint64_t address)
{
	return (address - memory.ledger.base) >> PAGE_SHIFT;
}

static uint64_t address_of(uint64_t page)
{
	return memory.ledger.base + (page << PAGE_SHIFT);
}

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
	return all_are(address, pages, PAGE_MAPPED, 0);
}

bool memory_is_mapped(uint64_t address, uint64_t pages)
{
	return all_are(address, pages, PAGE_MAPPED, PAGE_MAPPED);
}

bool memory_is(uint64_t address, uint64_t pages, unsigned perms)
{
	return all_are(address, pages, PAGE_MAPPED | PERM_MASK, (uint8_t)(PAGE_MAPPED | perms));
}

static void accept(uint64_t page, uint64_t count, uint8_t state)
{
	platform_accept(address_of(page), count);
	ledger_write(&memory.ledger, page, count, (uint8_t)(state | PAGE_ACCEPTED));
}

long memory_map(uint64_t address, uint64_t pages, unsigned perms)
{
	const uint8_t fresh = PAGE_MAPPED | PERM_R | PERM_W;
	uint64_t first = page_of(address), part;
	uint8_t state;

	for (uint64_t page = first; page < first + pages; page += part) {
		part = ledger_run(&memory.ledger, page, first + pages, &state);
		if (state & PAGE_ACCEPTED) {
			memset((void *)address_of(page), 0, part << PAGE_SHIFT);
			ledger_write(&memory.ledger, page, part, fresh | PAGE_ACCEPTED | (state & PAGE_IMAGE));
		} else {
			ledger_write(&memory.ledger, page, part, fresh | (state & PAGE_IMAGE));
		}
	}
	if (first + pages == memory.top)
		memory.top = first;
	return memory_protect(address, pages, perms);
}

long memory_unmap(uint64_t address, uint64_t pages)
{
	uint64_t first = page_of(address), part;
	bool lazy = platform_lazy();
	uint8_t state;

	for (uint64_t page = first; page < first + pages; page += part) {
		uint8_t after;

		part = ledger_run(&memory.ledger, page, first + pages, &state);
		if (!(state & PAGE_MAPPED))
			continue;
		if (!lazy && (state & PAGE_IMAGE))
			return -EINVAL; /* SGX1: its permissions can never be those of a heap page */
		after = state & PAGE_IMAGE;
		if (lazy && (state & PAGE_ACCEPTED)) {
			if (part < TRIM_LEAST && (state & PERM_MASK) == (PERM_R | PERM_W))
				after |= PAGE_ACCEPTED;
			else
				platform_trim(address_of(page), part);
		}
		/* Without lazy memory the page is there for ever; accepting it again zeroes it. */
		ledger_write(&memory.ledger, page, part, after);
		if (page + part > memory.top)
			memory.top = page + part;
	}
	return 0;
}

/* Whether Linux, or this platform, refuses the change for pages in `state`. */
static long may_protect(uint8_t state, unsigned perms)
{
	unsigned added = perms & ~(unsigned)state;

	if (!(state & PAGE_MAPPED))
		return -ENOMEM;
	if ((added & PERM_X) && !platform_late_code())
		return -EACCES;
	if (!platform_lazy() && (state & PAGE_IMAGE) && (added & PERM_W))
		return -EACCES; /* SGX1: what the plan did not give cannot be added */
	return 0;
}

static void protect_run(uint64_t page, uint64_t count, uint8_t state, unsigned perms)
{
	uint8_t after = (uint8_t)((state & ~PERM_MASK) | perms);

	if (!(state & PAGE_ACCEPTED)) {
		bool wait = perms == 0 || (platform_lazy() && perms == (PERM_R | PERM_W));

		if (wait) {
			ledger_write(&memory.ledger, page, count, after);
			return;
		}
		state = (uint8_t)((state & ~PERM_MASK) | PERM_R | PERM_W);
		accept(page, count, state);
		after |= PAGE_ACCEPTED;
	}
	if ((state & PERM_MASK) != perms)
		platform_permit(address_of(page), count, state & PERM_MASK, perms);
	ledger_write(&memory.ledger, page, count, after);
}

long memory_protect(uint64_t address, uint64_t pages, unsigned perms)
{
	uint64_t first = page_of(address), part;
	uint8_t state;

	if ((perms & PERM_W) && (perms & PERM_X))
		return -EACCES; /* W^X */
	if (perms)
		perms |= PERM_R; /* as on x86: what can be written or run can be read */
	for (uint64_t page = first; page < first + pages; page += part) {
		long error;

		part = ledger_run(&memory.ledger, page, first + pages, &state);
		error = may_protect(state, perms);
		if (error)
			return error;
	}
	for (uint64_t page = first; page < first + pages; page += part) {
		part = ledger_run(&memory.ledger, page, first + pages, &state);
		protect_run(page, part, state, perms);
	}
	return 0;
}

long memory_discard(uint64_t address, uint64_t pages)
{
	uint64_t first = page_of(address), part;
	uint8_t state;

	for (uint64_t page = first; page < first + pages; page += part) {
		part = ledger_run(&memory.ledger, page, first + pages, &state);
		if (!(state & PAGE_MAPPED))
			return -ENOMEM;
		if (!(state & PAGE_ACCEPTED) || !(state & PERM_W) || (state & PAGE_IMAGE))
			continue;
		if (platform_lazy() && part >= TRIM_LEAST) {
			platform_trim(address_of(page), part);
			ledger_write(&memory.ledger, page, part, (uint8_t)(state & ~PAGE_ACCEPTED));
		} else {
			memset((void *)address_of(page), 0, part << PAGE_SHIFT);
		}
	}
	return 0;
}

void memory_copy(uint64_t to, uint64_t from, uint64_t pages)
{
	uint64_t first = page_of(from), part;
	uint8_t state;

	for (uint64_t page = first; page < first + pages; page += part) {
		uint64_t target = to + ((page - first) << PAGE_SHIFT);

		part = ledger_run(&memory.ledger, page, first + pages, &state);
		if (!(state & PAGE_ACCEPTED) || memory_touch(target, part << PAGE_SHIFT, PERM_R | PERM_W))
			continue;
		memcpy((void *)target, (const void *)address_of(page), part << PAGE_SHIFT);
	}
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

long memory_touch(uint64_t address, uint64_t length, unsigned need)
{
	uint64_t last, end, part;
	uint8_t state;

	if (length == 0)
		return 0;
	if (__builtin_add_overflow(address, length - 1, &last))
		return -EFAULT;
	if (address < memory.ledger.base || page_of(last) >= memory.ledger.pages)
		return -EFAULT;
	end = page_of(last) + 1;
	for (uint64_t page = page_of(address); page < end; page += part) {
		part = ledger_run(&memory.ledger, page, end, &state);
		if (!(state & PAGE_MAPPED) || (state & need) != need)
			return -EFAULT;
		if (!(state & PAGE_ACCEPTED))
			accept(page, part, state);
	}
	return 0;
}

enum memory_fault memory_fault(uint64_t address, unsigned need)
{
	uint64_t page, count;
	uint8_t state;

	if (address < memory.ledger.base || page_of(address) >= memory.ledger.pages)
		return MEMORY_FAULT_SIGNAL;
	page = page_of(address);
	state = ledger_state(&memory.ledger, page);
	if (!(state & PAGE_MAPPED) || (state & need) != need)
		return MEMORY_FAULT_SIGNAL;
	if (state & PAGE_ACCEPTED)
		return MEMORY_FAULT_TAMPERED;
	count = memory.ledger.pages - page;
	count = ledger_run(&memory.ledger, page, page + (count < FAULT_BATCH ? count : FAULT_BATCH), &state);
	accept(page, count, state);
	return MEMORY_FAULT_SERVED;
}
