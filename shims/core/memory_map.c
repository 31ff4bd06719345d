/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping, unmapping, permissions: every change goes by runs of pages in one state. */
#include "include/memory.h"
#include "include/bytes.h"
#include "include/linux.h"
#include "include/memory_state.h"

/* An unmapped run shorter than this stays accepted, for the next mapping: giving it back takes two host calls. */
#define TRIM_LEAST 16

void memory_reuse(uint64_t page, uint64_t count, uint8_t state, uint8_t fresh)
{
	if (state & PAGE_ACCEPTED)
		memset((void *)address_of(page), 0, count << PAGE_SHIFT);
	ledger_write(&memory.ledger, page, count, (uint8_t)(fresh | (state & (PAGE_ACCEPTED | PAGE_IMAGE))));
}

void memory_claim(uint64_t page, uint64_t count)
{
	if (page + count == memory.top)
		memory.top = page;
}

void memory_release(uint64_t page, uint64_t count, uint8_t state)
{
	uint8_t after = state & PAGE_IMAGE;

	if (platform_lazy() && (state & PAGE_ACCEPTED)) {
		if (count < TRIM_LEAST && (state & PERM_MASK) == (PERM_R | PERM_W))
			after |= PAGE_ACCEPTED;
		else
			platform_trim(address_of(page), count);
	}
	/* Without lazy memory the page is there for ever; accepting it again zeroes it. */
	ledger_write(&memory.ledger, page, count, after);
	if (page + count > memory.top)
		memory.top = page + count;
}

void memory_zero(uint64_t page, uint64_t count, uint8_t state)
{
	if (!(state & PAGE_ACCEPTED))
		return;
	if (platform_lazy() && count >= TRIM_LEAST) {
		platform_trim(address_of(page), count);
		ledger_write(&memory.ledger, page, count, (uint8_t)(state & ~PAGE_ACCEPTED));
	} else {
		memset((void *)address_of(page), 0, count << PAGE_SHIFT);
	}
}

long memory_map(uint64_t address, uint64_t pages, unsigned perms)
{
	const uint8_t fresh = PAGE_MAPPED | PERM_R | PERM_W;
	uint64_t first = page_of(address), part;
	uint8_t state;

	for (uint64_t page = first; page < first + pages; page += part) {
		part = ledger_run(&memory.ledger, page, first + pages, &state);
		memory_reuse(page, part, state, fresh);
	}
	memory_claim(first, pages);
	return memory_protect(address, pages, perms);
}

long memory_unmap(uint64_t address, uint64_t pages)
{
	uint64_t first = page_of(address), part;
	uint8_t state;

	for (uint64_t page = first; page < first + pages; page += part) {
		part = ledger_run(&memory.ledger, page, first + pages, &state);
		if (!(state & PAGE_MAPPED))
			continue;
		if (!platform_lazy() && (state & PAGE_IMAGE))
			return -EINVAL; /* SGX1: its permissions can never be those of a heap page */
		memory_release(page, part, state);
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
		memory_accept(page, count, state);
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
		if ((state & PERM_W) && !(state & PAGE_IMAGE))
			memory_zero(page, part, state);
	}
	return 0;
}
