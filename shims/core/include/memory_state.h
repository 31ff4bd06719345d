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
	uint64_t take_low;  /* the shim takes pages from here on, upwards */
	uint64_t take_next; /* none between take_low and this is free */
	uint64_t brk_start;
	uint64_t brk;
	uint64_t kept;    /* pages that are free and accepted */
	uint64_t changes; /* counts whatever gives a page permissions */
	uint64_t threads; /* that the Keep can have */
	uint64_t used;    /* pages that count */
	uint64_t most;    /* of which there can be so many */
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

/* Whether there is memory for what does not count yet in a range. */
bool memory_has_room(uint64_t address, uint64_t pages);

/* Pages of one state, by address. Those that are not accepted yet become part of the Keep. */
void memory_accept(uint64_t address, uint64_t count, uint8_t state);

/* Free ones become `fresh`, which is readable, writable and zero. */
void memory_reuse(uint64_t address, uint64_t count, uint8_t state, uint8_t fresh);

/* Others become free; nobody can read them then. */
void memory_release(uint64_t address, uint64_t count, uint8_t state);

/* They permit something else; never W and X together, on the way neither. */
void memory_permit(uint64_t address, uint64_t count, uint8_t state, unsigned perms);

/* They are zero again. */
void memory_zero(uint64_t address, uint64_t count, uint8_t state);

#endif
