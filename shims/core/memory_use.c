/* SPDX-License-Identifier: Apache-2.0 */
/* The shim's own accesses on the application's behalf, and the application's page faults. */
#include "include/memory.h"
#include "include/bytes.h"
#include "include/linux.h"
#include "include/memory_state.h"

/*
 * Pages that one fault brings in: neighbours are mostly used next, and a fault costs far more than an acceptance. A
 * fault right after what the last one brought gets twice as many, up to a mebibyte.
 */
#define BATCH_LEAST 16
#define BATCH_MOST 256

static uint64_t batch, batch_end;

static uint64_t next_batch(uint64_t page)
{
	if (page != batch_end)
		batch = BATCH_LEAST;
	else if (batch < BATCH_MOST)
		batch *= 2;
	return batch;
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
			memory_accept(page, part, state);
	}
	return 0;
}

enum memory_fault memory_fault(uint64_t address, unsigned need)
{
	uint64_t page, count, most;
	uint8_t state;

	if (address < memory.ledger.base || page_of(address) >= memory.ledger.pages)
		return MEMORY_FAULT_UNMAPPED;
	page = page_of(address);
	state = ledger_state(&memory.ledger, page);
	if (!(state & PAGE_MAPPED))
		return MEMORY_FAULT_UNMAPPED;
	if ((state & need) != need)
		return MEMORY_FAULT_DENIED;
	if (state & PAGE_ACCEPTED)
		return MEMORY_FAULT_TAMPERED;
	most = next_batch(page);
	if (most > memory.ledger.pages - page)
		most = memory.ledger.pages - page;
	count = ledger_run(&memory.ledger, page, page + most, &state);
	memory_accept(page, count, state);
	batch_end = page + count;
	return MEMORY_FAULT_SERVED;
}

void memory_copy(uint64_t to, uint64_t from, uint64_t pages)
{
	uint64_t first = page_of(from), part;
	uint8_t state;

	for (uint64_t page = first; page < first + pages; page += part) {
		uint64_t target = to + ((page - first) << PAGE_SHIFT);

		part = ledger_run(&memory.ledger, page, first + pages, &state);
		if (!(state & PAGE_ACCEPTED))
			continue;
		memory_ready(target, part << PAGE_SHIFT);
		memcpy((void *)target, (const void *)address_of(page), part << PAGE_SHIFT);
	}
}
