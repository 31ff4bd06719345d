/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest pages: which of them are in use, a bit each, and where the shim sees them. The bits lie in the first of the pages
 * themselves, and those beyond `frontier` mean nothing yet: pages up there were never used.
 */
#include "include/paging.h"
#include "include/tee.h"
#include "../core/include/bytes.h"
#include "../core/include/platform.h"
#include "../core/generated/hostcall_guest.h"

#define BITS 64

/* What the host is asked for at once: as much as there is already, within these; multiples of LARGE. */
#define LARGE 0x200000ull
#define GROW_LEAST (32ull << 20)
#define GROW_MOST (1ull << 30)

static struct {
	uint64_t *used;    /* a bit a page */
	uint64_t frontier; /* pages below it have a bit that holds */
	uint64_t ready;    /* pages that the host has given */
	uint64_t used_to;  /* pages below it may be touched: the platform has been told, each page once */
	uint64_t lowest;   /* none below it is free */
} guest;

static uint64_t page_count(void)
{
	return (vm_info()->pages_end - vm_info()->pages_start) >> PAGE_SHIFT;
}

void *guest_at(uint64_t offset)
{
	if (offset < vm_info()->pages_start)
		return (void *)(keep_base() + offset);
	return (void *)(VM_MAP_DIRECT + (offset - vm_info()->pages_start));
}

static uint64_t offset_of(uint64_t page)
{
	return vm_info()->pages_start + (page << PAGE_SHIFT);
}

static void mark(uint64_t page)
{
	guest.used[page / BITS] |= 1ull << (page % BITS);
}

/* Pages up to `end` are touched from now on. */
static void begin(uint64_t end)
{
	while (guest.used_to < end) {
		tee_validate((uint64_t)guest_at(offset_of(guest.used_to)));
		guest.used_to += LARGE >> PAGE_SHIFT;
	}
}

/* The tables' own pages come first, and are in use for ever. */
void guest_start(void)
{
	uint64_t table = (page_count() + 8 * PAGE_BYTES - 1) / (8 * PAGE_BYTES);

	guest.used = guest_at(vm_info()->pages_start);
	guest.ready = (vm_info()->pages_ready - vm_info()->pages_start) >> PAGE_SHIFT;
	guest.lowest = guest.frontier = table;
	if (table > guest.ready)
		keep_refuse(REASON_KEEP_INFO);
	begin(table);
	for (uint64_t page = 0; page < table; page++) {
		if (page % BITS == 0)
			guest.used[page / BITS] = 0;
		mark(page);
	}
}

/* Sees [from, to), which the host has just given, by large entries. */
static void see(uint64_t from, uint64_t to)
{
	for (uint64_t offset = from; offset < to; offset += LARGE)
		paging_see(VM_MAP_DIRECT + (offset - vm_info()->pages_start), offset);
}

static void grow(void)
{
	uint64_t have = guest.ready << PAGE_SHIFT, most = (page_count() - guest.ready) << PAGE_SHIFT;
	uint64_t more = have < GROW_LEAST ? GROW_LEAST : have > GROW_MOST ? GROW_MOST : have;
	uint64_t from = offset_of(guest.ready);

	if (more > most)
		more = most;
	if (host_balloon_add(platform_call(), from, more))
		keep_refuse(REASON_OUT_OF_MEMORY);
	tee_own(from, more);
	guest.ready += more >> PAGE_SHIFT;
	see(from, from + more);
}

/* A page whose bit was cleared before, at or after `lowest`. */
static bool find(uint64_t *page)
{
	for (uint64_t word = guest.lowest / BITS; word * BITS < guest.frontier; word++) {
		uint64_t free = ~guest.used[word];

		if (word * BITS + BITS > guest.frontier)
			free &= (1ull << (guest.frontier % BITS)) - 1;
		if (free != 0) {
			*page = word * BITS + (uint64_t)__builtin_ctzll(free);
			return true;
		}
	}
	return false;
}

/* One page is left when grow() is called, for the table that see() needs where another gibibyte begins. */
static uint64_t take_fresh(void)
{
	uint64_t page;

	if (guest.frontier + 1 == guest.ready && guest.ready < page_count())
		grow();
	if (guest.frontier == guest.ready)
		keep_refuse(REASON_OUT_OF_MEMORY);
	page = guest.frontier++;
	begin(guest.frontier);
	if (page % BITS == 0)
		guest.used[page / BITS] = 0;
	return page;
}

uint64_t guest_take(void)
{
	uint64_t page;

	if (!find(&page))
		page = take_fresh();
	guest.lowest = page + 1;
	mark(page);
	memset(guest_at(offset_of(page)), 0, PAGE_BYTES);
	return offset_of(page);
}

void guest_give(uint64_t offset)
{
	uint64_t page = (offset - vm_info()->pages_start) >> PAGE_SHIFT;

	if (offset < vm_info()->pages_start)
		return; /* launched with the exec: it stays where it is, and nobody sees it any more */
	guest.used[page / BITS] &= ~(1ull << (page % BITS));
	if (page < guest.lowest)
		guest.lowest = page;
}
