/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest pages: which of them are in use, a bit each, and where the shim sees them. The bits lie in the first of the pages
 * themselves, and those beyond `frontier` mean nothing yet: pages up there were never used. Where many are free the host gets
 * 2 MiB of them back at a time.
 */
#include "include/paging.h"
#include "include/tee.h"
#include "../core/include/bytes.h"
#include "../core/include/platform.h"
#include "../core/generated/hostcall_guest.h"

#define BITS 64

/* What the host is asked for at once: as much as there is already, within these; multiples of LARGE. */
#define LARGE 0x200000ull
#define PAGES_IN_LARGE (LARGE >> PAGE_SHIFT)
#define GROW_LEAST (32ull << 20)
#define GROW_MOST (1ull << 30)

/* Blocks of 2 MiB that are free and kept nevertheless: what was used once is soon used again. */
#define SPARE_MOST (GROW_LEAST / LARGE)

static struct {
	uint64_t *used;    /* a bit a page, and all bits of a block that is gone */
	uint64_t *gone;    /* a bit a block: the host has it back */
	uint64_t gone_count;
	uint64_t spare;    /* blocks below `frontier` that are here, and nothing of which is in use */
	uint64_t frontier; /* pages below it have a bit that holds */
	uint64_t ready;    /* pages that the host has given */
	uint64_t used_to;  /* pages below it may be touched: the platform has been told, each page once */
	uint64_t lowest;   /* none below it is free */
} guest;

/* What lasts is taken together, so that it is not in the way of every block that could go back. */
#define TOGETHER 64

static struct {
	uint64_t page[TOGETHER];
	unsigned left, end;
} lasting;

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

static bool is_spare(uint64_t block)
{
	const uint64_t *words = &guest.used[block * (PAGES_IN_LARGE / BITS)];
	uint64_t used = 0;

	for (unsigned i = 0; i < PAGES_IN_LARGE / BITS; i++)
		used |= words[i];
	return used == 0 && (block + 1) * PAGES_IN_LARGE <= guest.frontier;
}

static void mark(uint64_t page)
{
	if (is_spare(page / PAGES_IN_LARGE))
		guest.spare--;
	guest.used[page / BITS] |= 1ull << (page % BITS);
}

static void mark_block(uint64_t block, uint64_t bits)
{
	for (unsigned i = 0; i < PAGES_IN_LARGE / BITS; i++)
		guest.used[block * (PAGES_IN_LARGE / BITS) + i] = bits;
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
	uint64_t blocks = (page_count() / PAGES_IN_LARGE + BITS - 1) / BITS; /* words of a bit a block */
	uint64_t table = (page_count() / 8 + blocks * sizeof(uint64_t) + PAGE_BYTES - 1) / PAGE_BYTES;

	guest.used = guest_at(vm_info()->pages_start);
	guest.gone = guest.used + page_count() / BITS;
	guest.ready = (vm_info()->pages_ready - vm_info()->pages_start) >> PAGE_SHIFT;
	guest.lowest = guest.frontier = table;
	if (table > guest.ready)
		keep_refuse(REASON_KEEP_INFO);
	begin(table);
	memset(guest.gone, 0, blocks * sizeof(uint64_t));
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
static bool take_fresh(uint64_t *page)
{
	if (guest.frontier + 1 == guest.ready && guest.ready < page_count())
		grow();
	if (guest.frontier == guest.ready)
		return false;
	*page = guest.frontier++;
	begin(guest.frontier);
	if (*page % BITS == 0)
		guest.used[*page / BITS] = 0;
	if (is_spare(*page / PAGES_IN_LARGE))
		guest.spare++; /* its last page came now, and the others are free again */
	return true;
}

/* What the host says to it changes nothing: the pages are not the Keep's any more. */
static void give_back(uint64_t block)
{
	uint64_t offset = offset_of(block * PAGES_IN_LARGE);

	mark_block(block, ~0ull);
	guest.gone[block / BITS] |= 1ull << (block % BITS);
	guest.gone_count++;
	guest.spare--;
	tee_disown(offset, (uint64_t)guest_at(offset));
	(void)host_balloon_remove(platform_call(), offset, LARGE);
}

/* There is one. */
static void take_back(void)
{
	uint64_t block = 0, offset;

	while (!(guest.gone[block / BITS] >> (block % BITS) & 1))
		block++;
	offset = offset_of(block * PAGES_IN_LARGE);
	tee_own(offset, LARGE);
	tee_validate((uint64_t)guest_at(offset));
	mark_block(block, 0);
	guest.gone[block / BITS] &= ~(1ull << (block % BITS));
	guest.gone_count--;
	guest.spare++;
	if (block * PAGES_IN_LARGE < guest.lowest)
		guest.lowest = block * PAGES_IN_LARGE;
}

static bool take(uint64_t *page)
{
	bool found = find(page);

	if (!found && guest.gone_count != 0) {
		take_back();
		found = find(page);
	}
	if (!found && !take_fresh(page))
		return false;
	guest.lowest = *page + 1;
	mark(*page);
	return true;
}

static uint64_t zeroed(uint64_t page)
{
	memset(guest_at(offset_of(page)), 0, PAGE_BYTES);
	return offset_of(page);
}

/* From the lowest on, when there are several. */
uint64_t guest_take_lasting(void)
{
	uint64_t page;

	if (lasting.left == 0) {
		while (lasting.left < TOGETHER && take(&page))
			lasting.page[lasting.left++] = page;
		lasting.end = lasting.left;
	}
	if (lasting.left == 0)
		keep_refuse(REASON_OUT_OF_MEMORY);
	return zeroed(lasting.page[lasting.end - lasting.left--]);
}

uint64_t guest_take(void)
{
	uint64_t page;

	return take(&page) ? zeroed(page) : guest_take_lasting();
}

void guest_give(uint64_t offset)
{
	uint64_t page = (offset - vm_info()->pages_start) >> PAGE_SHIFT;

	if (offset < vm_info()->pages_start)
		return; /* launched with the exec: it stays where it is, and nobody sees it any more */
	guest.used[page / BITS] &= ~(1ull << (page % BITS));
	if (page < guest.lowest)
		guest.lowest = page;
	if (!is_spare(page / PAGES_IN_LARGE))
		return;
	if (++guest.spare > SPARE_MOST)
		give_back(page / PAGES_IN_LARGE);
}
