/* SPDX-License-Identifier: Apache-2.0 */
/* What memory.c, memory_map.c and memory_use.c share; everybody else uses memory.h. */
#ifndef MOTTE_MEMORY_STATE_H
#define MOTTE_MEMORY_STATE_H

#include "ledger.h"
#include "platform.h"

struct memory_state {
	struct ledger ledger;
	uint64_t low; /* page numbers: the first above the tables; brk and mappings are from here on */
	uint64_t top; /* all pages from here on are mapped */
	uint64_t brk_start;
	uint64_t brk;
};
extern struct memory_state memory;

static inline uint64_t page_of(uint64_t address)
{
	return (address - memory.ledger.base) >> PAGE_SHIFT;
}

static inline uint64_t address_of(uint64_t page)
{
	return memory.ledger.base + (page << PAGE_SHIFT);
}

/* Makes pages that are not accepted yet part of the Keep: in `state`, and accepted. */
void memory_accept(uint64_t page, uint64_t count, uint8_t state);

#endif
