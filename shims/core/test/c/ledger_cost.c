/* SPDX-License-Identifier: Apache-2.0 */
/* How many pages of tables a ledger touches at its start: ledger_cost HEAP_MIB. */
#include <string.h>
#include <sys/mman.h>
#include "../../include/ledger.h"
#include "../../include/platform.h"
#include "model.h"

static uint64_t accepted;

void platform_accept(uint64_t address, uint64_t pages, unsigned perms)
{
	(void)perms;
	(void)address;
	accepted += pages;
}

_Noreturn void keep_refuse(uint32_t reason)
{
	exit((int)reason);
}

int main(int argc, char **argv)
{
	uint64_t pages = strtoull(argv[1], NULL, 0) << (20 - PAGE_SHIFT);
	struct ledger ledger;
	uint8_t *tables;

	CHECK(argc == 2);
	tables = mmap(NULL, ledger_tables(pages), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(tables != MAP_FAILED);
	ledger_start(&ledger, 0x7000000000ull, pages, (uint64_t)tables);
	ledger_write(&ledger, pages - 2048, 2048, PAGE_MAPPED | 3); /* a stack at its top */
	ledger_write(&ledger, pages - 3, 3, PAGE_MAPPED | PAGE_ACCEPTED | 3);
	printf("%llu\n", (unsigned long long)accepted);
	return 0;
}
