/* SPDX-License-Identifier: Apache-2.0 */
/* Pages that the shim takes for itself: small objects, file contents, pipes. */
#include "include/memory.h"
#include "include/memory_state.h"

/*
 * From below, and mappings from above: an address that the application unmapped stays free for it to map anew, as long
 * as there is other room.
 */
static uint64_t find(uint64_t pages)
{
	uint64_t page;

	if (!ledger_first(&memory.ledger, memory.take_next, memory.top, pages, &page))
		return memory_find(pages);
	if (page == memory.take_next)
		memory.take_next += pages;
	return address_of(page);
}

uint64_t memory_take(uint64_t pages)
{
	uint64_t address = find(pages), end = address + (pages << PAGE_SHIFT), part;
	uint8_t state;

	if (address == 0 || !memory_has_room(address, pages))
		return 0;
	for (uint64_t at = address; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		memory_reuse(at, part, state, PAGE_SHIM | PERM_R | PERM_W);
	}
	return platform_own(address);
}

void memory_ready(uint64_t address, uint64_t length)
{
	uint64_t first = platform_plain(address) & ~(PAGE_BYTES - 1);
	uint64_t end = (platform_plain(address) + length + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1), part;
	uint8_t state;

	if (length == 0)
		return;
	for (uint64_t at = first; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		if (!(state & PAGE_ACCEPTED))
			memory_accept(at, part, state);
	}
}

bool memory_is_taken(uint64_t address, uint64_t length)
{
	const uint8_t there = PAGE_SHIM | PAGE_ACCEPTED | PERM_R | PERM_W;
	uint64_t last, part;
	uint8_t state;

	if (length == 0 || __builtin_add_overflow(address, length - 1, &last) || platform_own(address) != address)
		return false;
	last = platform_plain(last);
	for (uint64_t at = platform_plain(address) & ~(PAGE_BYTES - 1); at <= last; at += part << PAGE_SHIFT) {
		part = memory_run(at, ((last - at) >> PAGE_SHIFT) + 1, &state);
		if (state != there)
			return false;
	}
	return true;
}

void memory_wipe(uint64_t address, uint64_t pages)
{
	uint64_t first = platform_plain(address), end = first + (pages << PAGE_SHIFT), part;
	uint8_t state;

	for (uint64_t at = first; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		memory_zero(at, part, state);
	}
}

void memory_give(uint64_t address, uint64_t pages)
{
	uint64_t first = platform_plain(address), end = first + (pages << PAGE_SHIFT), part;
	uint8_t state;

	for (uint64_t at = first; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		memory_release(at, part, state);
	}
}
