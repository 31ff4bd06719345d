/* SPDX-License-Identifier: Apache-2.0 */
/* What the files memory*.c share; everybody else uses memory.h. */
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

/* Of a run of pages in `state`: free ones become `fresh`, which is readable, writable and zero; others become free. */
void memory_reuse(uint64_t page, uint64_t count, uint8_t state, uint8_t fresh);
void memory_release(uint64_t page, uint64_t count, uint8_t state);

/* Zeroes a run that can be written. */
void memory_zero(uint64_t page, uint64_t count, uint8_t state);

/* Pages that were found free are in use now. */
void memory_claim(uint64_t page, uint64_t count);

#endif
