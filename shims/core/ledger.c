/* SPDX-License-Identifier: Apache-2.0 */
#include "include/ledger.h"
#include "include/bytes.h"
#include "include/platform.h"

_Static_assert(LEDGER_BLOCK_PAGES == PAGE_BYTES, "a leaf is one page");

static uint64_t blocks_of(uint64_t pages)
{
	return (pages + LEDGER_BLOCK_PAGES - 1) / LEDGER_BLOCK_PAGES;
}

static uint64_t root_pages(uint64_t pages)
{
	return (blocks_of(pages) * sizeof(uint64_t) + PAGE_BYTES - 1) / PAGE_BYTES;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t ledger_tables(uint64_t pages)
{
	return (root_pages(pages) + blocks_of(pages)) * PAGE_BYTES;
}

void ledger_start(struct ledger *ledger, uint64_t base, uint64_t pages, uint64_t tables)
{
	uint64_t root = root_pages(pages);

	platform_accept(tables, root, PERM_R | PERM_W | PAGE_SHIM); /* zero: every page is in state 0 */
	*ledger = (struct ledger){
		.base = base,
		.pages = pages,
		.root = (uint64_t *)platform_own(tables),
		.leaf = tables + root * PAGE_BYTES,
		.leaf_end = tables + ledger_tables(pages),
	};
}

uint64_t ledger_run(const struct ledger *ledger, uint64_t page, uint64_t end, uint8_t *state)
{
	uint64_t word = ledger->root[page / LEDGER_BLOCK_PAGES];
	uint64_t at = page % LEDGER_BLOCK_PAGES;
	uint64_t limit = min(LEDGER_BLOCK_PAGES - at, end - page);
	uint64_t count = 1;
	const uint8_t *leaf;

	*state = ledger_state(ledger, page);
	if (word < LEDGER_STATES)
		return limit;
	leaf = (const uint8_t *)word + at;
	while (count < limit && leaf[count] == *state)
		count++;
	return count;
}

/* The leaf of a block, made if there is none yet. There is room for one a block, so the check can only fail by a bug. */
static uint8_t *leaf_of(struct ledger *ledger, uint64_t block)
{
	uint64_t word = ledger->root[block];

	if (word < LEDGER_STATES) {
		if (ledger->leaf == ledger->leaf_end)
			keep_refuse(REASON_OUT_OF_MEMORY);
		platform_accept(ledger->leaf, 1, PERM_R | PERM_W | PAGE_SHIM);
		ledger->root[block] = platform_own(ledger->leaf);
		memset((void *)ledger->root[block], (int)word, LEDGER_BLOCK_PAGES);
		ledger->leaf += PAGE_BYTES;
	}
	return (uint8_t *)ledger->root[block];
}

void ledger_write(struct ledger *ledger, uint64_t page, uint64_t count, uint8_t state)
{
	while (count != 0) {
		uint64_t block = page / LEDGER_BLOCK_PAGES;
		uint64_t at = page % LEDGER_BLOCK_PAGES;
		uint64_t part = min(LEDGER_BLOCK_PAGES - at, count);
		uint64_t word = ledger->root[block];

		if (word < LEDGER_STATES && part == min(LEDGER_BLOCK_PAGES, ledger->pages - page + at))
			ledger->root[block] = state;
		else if (word != state)
			memset(leaf_of(ledger, block) + at, state, part);
		page += part;
		count -= part;
	}
}

static bool is_free(uint64_t state)
{
	return (state & (PAGE_MAPPED | PAGE_SHIM)) == 0;
}

bool ledger_find(const struct ledger *ledger, uint64_t low, uint64_t high, uint64_t count, uint64_t *page)
{
	uint64_t at = high; /* [at, at + found) is free */
	uint64_t found = 0;

	while (at > low && found < count) {
		uint64_t word = ledger->root[(at - 1) / LEDGER_BLOCK_PAGES];
		uint64_t step = 1;
		uint64_t state;

		if (word < LEDGER_STATES) {
			step = min((at - 1) % LEDGER_BLOCK_PAGES + 1, at - low);
			state = word;
		} else {
			state = ledger_state(ledger, at - 1);
		}
		at -= step;
		found = is_free(state) ? found + step : 0;
	}
	if (found < count)
		return false;
	*page = at + (found - count);
	return true;
}

bool ledger_first(const struct ledger *ledger, uint64_t low, uint64_t high, uint64_t count, uint64_t *page)
{
	uint64_t found = 0, part;
	uint8_t state;

	for (uint64_t at = low; at < high; at += part) {
		part = ledger_run(ledger, at, high, &state);
		found = is_free(state) ? found + part : 0;
		if (found >= count) {
			*page = at + part - found;
			return true;
		}
	}
	return false;
}
