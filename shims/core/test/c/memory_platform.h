/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU and the host below memory*.c, which check each step; the arena's own protection is what both permit. */
#ifndef MOTTE_TEST_MEMORY_PLATFORM_H
#define MOTTE_TEST_MEMORY_PLATFORM_H

#include "../../include/memory.h"
#include "../../include/platform.h"

#define IMAGE_PAGES 16
#define GUARD_PAGES 16
#define HEAP_PAGES (LEDGER_BLOCK_PAGES + 900)
#define PAGES (IMAGE_PAGES + GUARD_PAGES + HEAP_PAGES)
#define RW (PERM_R | PERM_W)
#define RX (PERM_R | PERM_X)

/* What the CPU knows of a page (EPCM), and what the host maps it with. */
struct page {
	bool present;
	uint8_t perms;
	uint8_t mapped;
};
extern struct page epc[PAGES];
extern uint8_t *arena;
extern bool lazy;

void arena_start(void);

uint64_t page_at(uint64_t address);
uint64_t *word_of(uint64_t page);

/* More addresses than memory: what is reserved is free, and what would be used is refused, and changes nothing. */
void check_limit(void);

#endif
