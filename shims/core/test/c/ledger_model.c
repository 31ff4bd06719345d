/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger beside an array of bytes: ledger_model SEED STEPS. */
#include <string.h>
#include <sys/mman.h>
#include "../../include/ledger.h"
#include "../../include/platform.h"
#include "model.h"

#define PAGES (3 * LEDGER_BLOCK_PAGES + 77)
#define BASE 0x7000000000ull

static uint8_t model[PAGES];
static uint8_t *tables;
static uint8_t accepted[64];

void platform_accept(uint64_t address, uint64_t pages, unsigned perms)
{
	uint64_t first = (address - (uint64_t)tables) / PAGE_BYTES;

	CHECK(perms == (PERM_R | PERM_W | PAGE_SHIM));
	for (uint64_t page = first; page < first + pages; page++) {
		CHECK(page < ledger_tables(PAGES) / PAGE_BYTES);
		CHECK(!accepted[page]); /* a page is accepted once */
		accepted[page] = 1;
		memset(tables + page * PAGE_BYTES, 0, PAGE_BYTES);
	}
}

_Noreturn void keep_refuse(uint32_t reason)
{
	fprintf(stderr, "refused: %u\n", reason);
	exit(1);
}

static void check_run(const struct ledger *ledger, uint64_t page, uint64_t end)
{
	uint64_t count, expected = 0;
	uint8_t state;

	count = ledger_run(ledger, page, end, &state);
	CHECK(state == model[page] && state == ledger_state(ledger, page));
	while (page + expected < end && model[page + expected] == state &&
	       (page + expected) / LEDGER_BLOCK_PAGES == page / LEDGER_BLOCK_PAGES)
		expected++;
	CHECK(count == expected);
}

static bool is_free(uint64_t page)
{
	return !(model[page] & (PAGE_MAPPED | PAGE_SHIM));
}

static void check_find(const struct ledger *ledger, uint64_t low, uint64_t high, uint64_t count)
{
	uint64_t found = 0, page = 0;
	bool there = false;

	for (uint64_t at = high; at > low && !there; at--) {
		found = is_free(at - 1) ? found + 1 : 0;
		if (found == count) {
			there = true;
			CHECK(ledger_find(ledger, low, high, count, &page));
			CHECK(page == at - 1);
		}
	}
	CHECK(there || !ledger_find(ledger, low, high, count, &page));
	found = 0;
	for (uint64_t at = low; at < high && there; at++) {
		found = is_free(at) ? found + 1 : 0;
		if (found == count) {
			CHECK(ledger_first(ledger, low, high, count, &page));
			CHECK(page == at + 1 - count);
			return;
		}
	}
	CHECK(!there && !ledger_first(ledger, low, high, count, &page));
}

int main(int argc, char **argv)
{
	static const uint8_t states[] = { 0, PAGE_ACCEPTED, PAGE_MAPPED | 3, PAGE_MAPPED | PAGE_ACCEPTED | 3, PAGE_SHIM };
	uint64_t seed = strtoull(argv[1], NULL, 0) | 1, steps = strtoull(argv[2], NULL, 0);
	struct ledger ledger;

	CHECK(argc == 3);
	tables = mmap(NULL, ledger_tables(PAGES), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(tables != MAP_FAILED);
	memset(tables, 0xa5, ledger_tables(PAGES)); /* what the host left there */
	ledger_start(&ledger, BASE, PAGES, (uint64_t)tables);
	for (uint64_t i = 0; i < steps; i++) {
		uint64_t page = below(&seed, PAGES);
		uint64_t most = below(&seed, 4) ? 40 : PAGES;
		uint64_t count = 1 + below(&seed, (PAGES - page) < most ? PAGES - page : most);
		uint8_t state = states[below(&seed, sizeof(states))];

		if (below(&seed, 8) == 0) { /* a whole block, which must need no leaf */
			page -= page % LEDGER_BLOCK_PAGES;
			count = PAGES - page < LEDGER_BLOCK_PAGES ? PAGES - page : LEDGER_BLOCK_PAGES;
		}
		ledger_write(&ledger, page, count, state);
		memset(model + page, state, count);
		page = below(&seed, PAGES);
		check_run(&ledger, page, page + 1 + below(&seed, PAGES - page));
		page = below(&seed, PAGES);
		check_find(&ledger, page, page + 1 + below(&seed, PAGES - page), 1 + below(&seed, 60));
	}
	for (uint64_t page = 0; page < PAGES; page++)
		CHECK(ledger_state(&ledger, page) == model[page]);
	puts("same");
	return 0;
}
