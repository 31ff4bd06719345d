/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_platform.h"
#include <string.h>
#include <sys/mman.h>
#include "model.h"

struct page epc[PAGES];
uint8_t *arena;
bool lazy;

uint64_t page_at(uint64_t address)
{
	CHECK(address >= (uint64_t)arena && address % PAGE_BYTES == 0);
	return (address - (uint64_t)arena) / PAGE_BYTES;
}

uint64_t *word_of(uint64_t page)
{
	return (uint64_t *)(arena + page * PAGE_BYTES);
}

static int allowed(uint64_t page)
{
	return epc[page].present ? epc[page].perms & epc[page].mapped & RW : 0;
}

/* The arena as CPU and host let it be used. Under SGX1 nothing ever changes there. */
static void apply(uint64_t page, uint64_t count)
{
	uint64_t end = page + count, part;

	for (; lazy && page < end; page += part) {
		for (part = 0; page + part < end && allowed(page + part) == allowed(page); part++)
			CHECK((epc[page + part].perms & (PERM_W | PERM_X)) != (PERM_W | PERM_X));
		CHECK(mprotect(word_of(page), part * PAGE_BYTES, allowed(page)) == 0);
	}
}

void arena_start(void)
{
	arena = mmap(NULL, PAGES * PAGE_BYTES, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(arena != MAP_FAILED);
	memset(arena, 0xa5, PAGES * PAGE_BYTES); /* what the host left there */
	for (uint64_t i = 0; i < PAGES; i++)
		epc[i] = i < IMAGE_PAGES ? (struct page){ true, RX, RX } : (struct page){ !lazy, RW, RW };
	apply(0, PAGES);
}

bool platform_lazy(void)
{
	return lazy;
}

bool platform_late_code(void)
{
	return lazy;
}

/* EAUG and EACCEPT, or EACCEPTCOPY, which writes. */
void platform_accept(uint64_t address, uint64_t pages, unsigned perms)
{
	uint64_t page = page_at(address);

	/* Whose page it is decides which ring has it, where there are rings. */
	perms &= ~(unsigned)PAGE_SHIM;
	CHECK(page + pages <= PAGES && (perms == RW || perms == PERM_R));
	for (uint64_t i = page; i < page + pages; i++) {
		CHECK(!lazy || !epc[i].present);
		CHECK(perms == RW || epc[i].mapped == RW);
		epc[i].present = true;
		epc[i].perms = lazy ? (uint8_t)perms : RW;
	}
	CHECK(mprotect(word_of(page), pages * PAGE_BYTES, RW) == 0);
	memset(word_of(page), 0, pages * PAGE_BYTES);
	apply(page, pages);
}

void platform_permit(uint64_t address, uint64_t pages, unsigned old, unsigned now)
{
	uint64_t page = page_at(address);

	now &= ~(unsigned)PAGE_SHIM;
	CHECK((now & (PERM_W | PERM_X)) != (PERM_W | PERM_X) && (now == 0 || (now & PERM_R)));
	for (uint64_t i = page; lazy && i < page + pages; i++) {
		CHECK(epc[i].present && epc[i].perms == old);
		epc[i].perms = (uint8_t)now;
	}
	apply(page, pages);
}

/* The host maps no page of the plan wider than the plan says. */
void platform_code(uint64_t address, uint64_t pages, bool code)
{
	uint64_t page = page_at(address);

	for (uint64_t i = page; i < page + pages; i++) {
		CHECK(lazy && (i >= IMAGE_PAGES || !epc[i].present));
		epc[i].mapped = code ? RX : RW;
	}
	apply(page, pages);
}

void platform_trim(uint64_t address, uint64_t pages)
{
	uint64_t page = page_at(address);

	CHECK(mprotect(word_of(page), pages * PAGE_BYTES, RW) == 0);
	memset(word_of(page), 0xee, pages * PAGE_BYTES);
	for (uint64_t i = page; i < page + pages; i++) {
		CHECK(lazy && epc[i].present);
		epc[i].present = false;
		epc[i].perms = 0;
	}
	apply(page, pages);
}

_Noreturn void keep_refuse(uint32_t reason)
{
	fprintf(stderr, "refused: %u\n", reason);
	exit(1);
}
