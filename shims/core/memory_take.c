/* SPDX-License-Identifier: Apache-2.0 */
/* Pages that the shim takes for itself: small objects, file contents, pipes. */
#include "include/memory.h"
#include "include/bytes.h"
#include "include/memory_state.h"

uint64_t memory_take(uint64_t pages)
{
	const uint8_t fresh = PAGE_SHIM | PERM_R | PERM_W;
	uint64_t address = memory_find(pages), first = page_of(address), part;
	uint8_t state;

	if (address == 0)
		return 0;
	for (uint64_t page = first; page < first + pages; page += part) {
		part = ledger_run(&memory.ledger, page, first + pages, &state);
		memory_reuse(page, part, state, fresh);
	}
	memory_claim(first, pages);
	return address;
}

void memory_ready(uint64_t address, uint64_t length)
{
	uint64_t end = page_of(address + length + PAGE_BYTES - 1), part;
	uint8_t state;

	if (length == 0)
		return;
	for (uint64_t page = page_of(address); page < end; page += part) {
		part = ledger_run(&memory.ledger, page, end, &state);
		if (!(state & PAGE_ACCEPTED))
			memory_accept(page, part, state);
	}
}

bool memory_is_taken(uint64_t address, uint64_t length)
{
	const uint8_t there = PAGE_SHIM | PAGE_ACCEPTED | PERM_R | PERM_W;
	uint64_t last, end, part;
	uint8_t state;

	if (length == 0 || __builtin_add_overflow(address, length - 1, &last))
		return false;
	if (address < memory.ledger.base || page_of(last) >= memory.ledger.pages)
		return false;
	end = page_of(last) + 1;
	for (uint64_t page = page_of(address); page < end; page += part) {
		part = ledger_run(&memory.ledger, page, end, &state);
		if (state != there)
			return false;
	}
	return true;
}

void memory_wipe(uint64_t address, uint64_t pages)
{
	uint64_t first = page_of(address), part;
	uint8_t state;

	for (uint64_t page = first; page < first + pages; page += part) {
		part = ledger_run(&memory.ledger, page, first + pages, &state);
		memory_zero(page, part, state);
	}
}

void memory_give(uint64_t address, uint64_t pages)
{
	uint64_t first = page_of(address), part;
	uint8_t state;

	for (uint64_t page = first; page < first + pages; page += part) {
		part = ledger_run(&memory.ledger, page, first + pages, &state);
		memory_release(page, part, state);
	}
}
