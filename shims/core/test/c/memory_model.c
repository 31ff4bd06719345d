/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application's memory beside a model of it, over a platform that holds the CPU's view of each page and checks
 * every step: nothing is accepted twice, or changed without being there. memory_model SEED STEPS LAZY
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "../../include/memory.h"
#include "../../include/platform.h"
#include "model.h"

#define IMAGE_PAGES 16
#define GUARD_PAGES 16
#define HEAP_PAGES (LEDGER_BLOCK_PAGES + 900)
#define PAGES (IMAGE_PAGES + GUARD_PAGES + HEAP_PAGES)
#define RW (PERM_R | PERM_W)

/* The CPU's view. */
static struct {
	bool present;
	uint8_t perms;
} epc[PAGES];
/* The application's. */
static struct {
	bool mapped;
	bool shim; /* taken by it */
	uint8_t perms;
	uint64_t word; /* the first one of the page */
} model[PAGES];
static uint8_t *arena;
static bool lazy;

static uint64_t page_of(uint64_t address)
{
	CHECK(address >= (uint64_t)arena && address % PAGE_BYTES == 0);
	return (address - (uint64_t)arena) / PAGE_BYTES;
}

static uint64_t *word_of(uint64_t page)
{
	return (uint64_t *)(arena + page * PAGE_BYTES);
}

bool platform_lazy(void)
{
	return lazy;
}

bool platform_late_code(void)
{
	return lazy;
}

void platform_accept(uint64_t address, uint64_t pages)
{
	for (uint64_t page = page_of(address); pages-- > 0; page++) {
		CHECK(page < PAGES && page >= IMAGE_PAGES);
		CHECK(!lazy || !epc[page].present);
		epc[page].present = true;
		epc[page].perms = RW;
		memset(word_of(page), 0, PAGE_BYTES);
	}
}

void platform_permit(uint64_t address, uint64_t pages, unsigned old, unsigned now)
{
	for (uint64_t page = page_of(address); pages-- > 0; page++) {
		CHECK(epc[page].present && epc[page].perms == old);
		CHECK((now & (PERM_W | PERM_X)) != (PERM_W | PERM_X));
		epc[page].perms = (uint8_t)now;
	}
}

void platform_trim(uint64_t address, uint64_t pages)
{
	for (uint64_t page = page_of(address); pages-- > 0; page++) {
		CHECK(lazy && epc[page].present);
		epc[page].present = false;
		memset(word_of(page), 0xee, PAGE_BYTES);
	}
}

_Noreturn void keep_refuse(uint32_t reason)
{
	fprintf(stderr, "refused: %u\n", reason);
	exit(1);
}

static void model_map(uint64_t page, uint64_t count, unsigned perms)
{
	for (; count-- > 0; page++) {
		model[page].mapped = true;
		model[page].perms = (uint8_t)perms;
		model[page].word = 0;
	}
}

static void model_unmap(uint64_t page, uint64_t count)
{
	for (; count-- > 0; page++)
		model[page].mapped = false;
}

/* Linux's answer to mprotect() in this model: ENOMEM at the first hole, or what perms allow. */
static long expect_protect(uint64_t page, uint64_t count, unsigned perms)
{
	if ((perms & PERM_W) && (perms & PERM_X))
		return -EACCES;
	for (uint64_t i = page; i < page + count; i++) {
		if (!model[i].mapped)
			return -ENOMEM;
		if (!lazy && (perms & PERM_X) && !(model[i].perms & PERM_X))
			return -EACCES;
	}
	return 0;
}

static uint64_t low, seed;

static void random_range(uint64_t *page, uint64_t *count)
{
	uint64_t most = below(&seed, 3) ? 20 : 600;

	*page = low + below(&seed, PAGES - low);
	*count = 1 + below(&seed, PAGES - *page < most ? PAGES - *page : most);
}

static bool any_shim(uint64_t page, uint64_t count)
{
	for (; count-- > 0; page++)
		if (model[page].shim)
			return true;
	return false;
}

/* What the shim took last comes first in `taken`. */
#define TAKEN_MOST 40
static struct {
	uint64_t page, count;
} taken[TAKEN_MOST];

/* Pages of the shim's own: zero at first, and nothing that the application does reaches them. */
static void step_take(void)
{
	uint64_t slot = below(&seed, TAKEN_MOST), at, address;

	if (taken[slot].count == 0) {
		uint64_t count = 1 + below(&seed, below(&seed, 4) ? 4 : 100);

		address = memory_take(count);
		if (address == 0)
			return;
		CHECK(!any_shim(page_of(address), count));
		for (uint64_t i = page_of(address); i < page_of(address) + count; i++) {
			CHECK(!model[i].mapped);
			model[i].shim = true;
			model[i].word = 0;
		}
		taken[slot].page = page_of(address);
		taken[slot].count = count;
		return;
	}
	address = (uint64_t)word_of(taken[slot].page);
	at = taken[slot].page + below(&seed, taken[slot].count);
	switch (below(&seed, 4)) {
	case 0:
		memory_give(address, taken[slot].count);
		for (uint64_t i = 0; i < taken[slot].count; i++)
			model[taken[slot].page + i].shim = false;
		taken[slot].count = 0;
		break;
	case 1:
		memory_wipe((uint64_t)word_of(at), taken[slot].page + taken[slot].count - at);
		for (uint64_t i = at; i < taken[slot].page + taken[slot].count; i++)
			model[i].word = 0;
		break;
	default:
		memory_ready((uint64_t)word_of(at) + 7, 100);
		CHECK(memory_is_taken((uint64_t)word_of(at) + 7, 100));
		CHECK(epc[at].present && epc[at].perms == RW && *word_of(at) == model[at].word);
		*word_of(at) = model[at].word = next_random(&seed);
	}
}

static void step_map(void)
{
	static const unsigned perms[] = { RW, RW, RW, 0, PERM_R };
	unsigned wanted = perms[below(&seed, 5)];
	uint64_t page, count, address;

	random_range(&page, &count);
	if (below(&seed, 2)) {
		address = memory_find(count);
		if (address == 0)
			return;
		page = page_of(address);
		for (uint64_t i = page; i < page + count; i++)
			CHECK(!model[i].mapped && !model[i].shim);
	} else {
		address = (uint64_t)word_of(page);
		CHECK(memory_is_ours(address, count) == !any_shim(page, count));
		if (any_shim(page, count))
			return;
		CHECK(memory_unmap(address, count) == 0);
		model_unmap(page, count);
	}
	CHECK(memory_is_free(address, count));
	CHECK(memory_map(address, count, wanted) == 0);
	model_map(page, count, wanted);
}

static void step_unmap(void)
{
	uint64_t page, count;

	random_range(&page, &count);
	CHECK(memory_unmap((uint64_t)word_of(page), count) == 0);
	model_unmap(page, count);
}

static void step_protect(void)
{
	static const unsigned perms[] = { RW, PERM_R, 0, PERM_R | PERM_X, PERM_W | PERM_X, PERM_W };
	unsigned wanted = perms[below(&seed, 6)];
	uint64_t page, count;
	long result;

	random_range(&page, &count);
	result = expect_protect(page, count, wanted);
	CHECK(memory_protect((uint64_t)word_of(page), count, wanted) == result);
	for (uint64_t i = page; result == 0 && i < page + count; i++)
		model[i].perms = (uint8_t)(wanted ? wanted | PERM_R : 0);
}

/* The shim's access for a system call, or the application's own: both find what the model has. */
static void step_use(void)
{
	unsigned need = below(&seed, 2) ? PERM_R : RW;
	uint64_t page, count;
	bool good = true;
	enum memory_fault refused;

	random_range(&page, &count);
	refused = model[page].mapped ? MEMORY_FAULT_DENIED : MEMORY_FAULT_UNMAPPED;
	if (below(&seed, 2))
		count = 1;
	for (uint64_t i = page; i < page + count; i++)
		good = good && model[i].mapped && (model[i].perms & need) == need;
	if (count == 1 && !epc[page].present) { /* the CPU would fault */
		enum memory_fault fault = memory_fault((uint64_t)word_of(page) + below(&seed, PAGE_BYTES), need);

		CHECK(fault == (good ? MEMORY_FAULT_SERVED : refused));
	} else if (count == 1 && lazy) {
		enum memory_fault fault = memory_fault((uint64_t)word_of(page), need);

		CHECK(fault == (good ? MEMORY_FAULT_TAMPERED : refused));
	}
	CHECK(memory_touch((uint64_t)word_of(page) + 8, count * PAGE_BYTES - 16, need) == (good ? 0 : -EFAULT));
	for (uint64_t i = page; good && i < page + count; i++) {
		CHECK(epc[i].present && (!lazy || epc[i].perms == (model[i].perms | PERM_R)));
		CHECK(*word_of(i) == model[i].word);
		if (need == RW)
			*word_of(i) = model[i].word = next_random(&seed);
	}
}

static void step_copy(void)
{
	uint64_t count = 1 + below(&seed, 30), from, to;

	from = low + below(&seed, PAGES - low - count);
	to = low + below(&seed, PAGES - low - count);
	if (from < to + count && to < from + count)
		return;
	if (!memory_is((uint64_t)word_of(from), count, RW) || !memory_is((uint64_t)word_of(to), count, RW))
		return;
	CHECK(memory_unmap((uint64_t)word_of(to), count) == 0 && memory_map((uint64_t)word_of(to), count, RW) == 0);
	memory_copy((uint64_t)word_of(to), (uint64_t)word_of(from), count);
	for (uint64_t i = 0; i < count; i++)
		model[to + i].word = model[from + i].word;
}

static void step_discard(void)
{
	uint64_t page, count;

	random_range(&page, &count);
	if (!memory_is((uint64_t)word_of(page), count, RW))
		return;
	CHECK(memory_discard((uint64_t)word_of(page), count) == 0);
	for (uint64_t i = page; i < page + count; i++)
		model[i].word = 0;
}

static void check_all(void)
{
	for (uint64_t i = low; i < PAGES; i++) {
		CHECK(memory_is_ours((uint64_t)word_of(i), 1) == !model[i].shim);
		CHECK(memory_is_free((uint64_t)word_of(i), 1) == (!model[i].shim && !model[i].mapped));
		CHECK(memory_is_mapped((uint64_t)word_of(i), 1) == model[i].mapped);
		if (model[i].mapped)
			CHECK(memory_is((uint64_t)word_of(i), 1, model[i].perms));
	}
}

int main(int argc, char **argv)
{
	uint64_t steps, heap, brk;

	CHECK(argc == 4);
	seed = strtoull(argv[1], NULL, 0) | 1;
	steps = strtoull(argv[2], NULL, 0);
	lazy = argv[3][0] == '1';
	arena = mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(arena != MAP_FAILED);
	memset(arena, 0xa5, PAGES * PAGE_BYTES); /* what the host left there */
	for (uint64_t i = 0; i < IMAGE_PAGES; i++) {
		epc[i].present = true;
		epc[i].perms = PERM_R | PERM_X;
	}
	heap = (uint64_t)word_of(IMAGE_PAGES + GUARD_PAGES);
	memory_start((uint64_t)arena, heap, (uint64_t)word_of(PAGES));
	memory_adopt((uint64_t)arena, IMAGE_PAGES, PERM_R | PERM_X);
	CHECK(!memory_is_ours(heap, 1)); /* the tables are the shim's */
	CHECK(!memory_is_ours((uint64_t)word_of(IMAGE_PAGES), 1));
	CHECK(memory_touch((uint64_t)word_of(IMAGE_PAGES - 1), 2 * PAGE_BYTES, PERM_R) == -EFAULT);
	CHECK(memory_touch((uint64_t)arena, IMAGE_PAGES * PAGE_BYTES, PERM_X) == 0);
	CHECK(memory_touch(UINT64_MAX - 3, 8, PERM_R) == -EFAULT);
	brk = memory_brk(0);
	low = page_of(brk);
	CHECK(memory_brk(brk + 100 * PAGE_BYTES + 5) == brk + 100 * PAGE_BYTES + 5);
	model_map(low, 101, RW);
	CHECK(memory_brk(brk + 3) == brk + 3);
	model_unmap(low + 1, 100);
	low++; /* the rest is for mappings */
	for (uint64_t i = 0; i < steps; i++) {
		switch (below(&seed, 9)) {
		case 0 ... 1: step_map(); break;
		case 2: step_unmap(); break;
		case 3: step_protect(); break;
		case 4 ... 5: step_use(); break;
		case 6: step_copy(); break;
		case 7: step_take(); break;
		default: step_discard(); break;
		}
		if (i % 512 == 0)
			check_all();
	}
	check_all();
	puts("same");
	return 0;
}
