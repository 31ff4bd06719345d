/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory ledger: the Keep's own account of its pages, a byte each (SECURITY.md, rule 9). Whether a page is
 * accepted is known from here alone, so that no page is accepted twice.
 *
 * Pages come in blocks of BLOCK_PAGES. A block whose pages are all alike is one word in the root table; another has a
 * leaf, a page of 4096 bytes that is made when it is first needed. So a heap costs memory by what is done with
 * it and not by its size.
 */
#ifndef MOTTE_LEDGER_H
#define MOTTE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#define LEDGER_BLOCK_PAGES 4096

/* What the application may do with a page: the bits of PROT_ and of SECINFO. */
#define PERM_R 1
#define PERM_W 2
#define PERM_X 4
#define PERM_MASK 7
/* The page belongs to a mapping of the application. */
#define PAGE_MAPPED 8
/* The page is part of the Keep, and permits PERM_. Free pages permit nothing, and hold old data if they are accepted. */
#define PAGE_ACCEPTED 16
/* The page is the shim's own: a table of the ledger, or taken by memory_take(). */
#define PAGE_SHIM 32
/* The page was in the plan: an application's segment. */
#define PAGE_IMAGE 64
/* Of such a page: it was added writable. Of any other: its contents were copied from a file. */
#define PAGE_IMAGE_W 128
#define PAGE_FILE 128

struct ledger {
	uint64_t base;     /* address of page 0 */
	uint64_t pages;    /* how many there are */
	uint64_t *root;    /* a word a block: below 256 the state of all its pages, else the address of its leaf */
	uint64_t leaf;     /* where the next leaf goes */
	uint64_t leaf_end; /* and where there is no more room */
};

/* Bytes of tables that `pages` pages need at most: the root, then a leaf a block. */
uint64_t ledger_tables(uint64_t pages);

/* Starts a ledger of `pages` pages in state 0. `tables` is page-aligned, ledger_tables() long and not yet accepted. */
void ledger_start(struct ledger *ledger, uint64_t base, uint64_t pages, uint64_t tables);

/* A root word below this is a state; a leaf's address is page-aligned and so at least as large. */
#define LEDGER_STATES 256

/* Of a page of the block with this root word. */
static inline uint8_t ledger_state_in(uint64_t word, uint64_t page)
{
	return word < LEDGER_STATES ? (uint8_t)word : ((const uint8_t *)word)[page % LEDGER_BLOCK_PAGES];
}

/* Pages are numbered from 0; a number must be below ledger->pages. */
static inline uint8_t ledger_state(const struct ledger *ledger, uint64_t page)
{
	return ledger_state_in(ledger->root[page / LEDGER_BLOCK_PAGES], page);
}

/* How many pages from `page` on, before `end`, are in the same state. At least 1, and never beyond a block. */
uint64_t ledger_run(const struct ledger *ledger, uint64_t page, uint64_t end, uint8_t *state);

/* Puts [page, page + count) into one state. */
void ledger_write(struct ledger *ledger, uint64_t page, uint64_t count, uint8_t state);

/*
 * The lowest or the highest page number from which `count` pages within [low, high) are neither mapped nor the shim's;
 * false when there is no such range.
 */
bool ledger_first(const struct ledger *ledger, uint64_t low, uint64_t high, uint64_t count, uint64_t *page);
bool ledger_find(const struct ledger *ledger, uint64_t low, uint64_t high, uint64_t count, uint64_t *page);

#endif
