/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application's memory beside a model of it: results, permissions and contents after thousands of random changes.
 * The platform below checks what is asked of CPU and host. memory_model SEED STEPS LAZY
 */
#include <errno.h>
#include <string.h>
#include "../../include/memory_state.h"
#include "memory_platform.h"
#include "model.h"

/* The application's view; `shim` pages are not in it. */
static struct {
	bool mapped;
	bool shim;
	bool file;
	uint8_t perms;
	uint64_t word; /* the first one of the page */
} model[PAGES];
static uint64_t low, seed, brk_end;

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

static bool all_mapped(uint64_t page, uint64_t count)
{
	for (; count-- > 0; page++)
		if (!model[page].mapped)
			return false;
	return true;
}

static void model_map(uint64_t page, uint64_t count, unsigned perms)
{
	for (; count-- > 0; page++) {
		CHECK(!model[page].mapped && !model[page].shim);
		model[page].mapped = true;
		model[page].file = false;
		model[page].perms = (uint8_t)perms;
		model[page].word = 0;
	}
}

static void model_unmap(uint64_t page, uint64_t count)
{
	for (; count-- > 0; page++)
		model[page].mapped = false;
}

/* What the CPU has of a page follows from the model: nothing more, and all that was promised. */
static void check_page(uint64_t page)
{
	bool mapped = model[page].mapped;
	uint8_t state;

	CHECK(memory_run(address_of(page), 1, &state) == 1);
	CHECK(memory_is_ours(address_of(page), 1) == !model[page].shim);
	CHECK(memory_is_free(address_of(page), 1) == (!model[page].shim && !mapped));
	CHECK(memory_is_mapped(address_of(page), 1) == mapped);
	CHECK(!mapped || (state & PERM_MASK) == model[page].perms);
	if (!lazy || !epc[page].present)
		return;
	if (!mapped && !model[page].shim)
		CHECK(epc[page].perms == 0); /* a read after munmap faults */
	if (mapped)
		CHECK(epc[page].perms == model[page].perms && (epc[page].mapped & model[page].perms) == model[page].perms);
	if (mapped && (model[page].perms & PERM_R))
		CHECK(*word_of(page) == model[page].word);
}

static void check_range(uint64_t page, uint64_t count)
{
	for (; count-- > 0; page++)
		check_page(page);
}

static void step_map(void)
{
	static const unsigned perms[] = { RW, RW, RW, 0, PERM_R, RX };
	unsigned wanted = perms[below(&seed, lazy ? 6 : 5)];
	uint64_t page, count, address;

	random_range(&page, &count);
	if (below(&seed, 2)) {
		address = memory_find(count);
		if (address == 0)
			return;
		page = page_at(address);
	} else {
		address = address_of(page);
		CHECK(memory_is_ours(address, count) == !any_shim(page, count));
		if (any_shim(page, count))
			return;
		CHECK(memory_unmap(address, count) == 0);
		model_unmap(page, count);
	}
	CHECK(memory_is_free(address, count));
	CHECK(memory_map(address, count, wanted) == 0);
	model_map(page, count, wanted);
	if (below(&seed, 8) == 0) {
		memory_mark_file(address, count);
		for (uint64_t i = page; i < page + count; i++)
			model[i].file = true;
	}
	check_range(page, count);
}

static void step_unmap(void)
{
	uint64_t page, count;

	random_range(&page, &count);
	CHECK(memory_unmap(address_of(page), count) == 0);
	model_unmap(page, count);
	check_range(page, count);
}

/* Linux: what comes before the first page that cannot be changed is changed. */
static void step_protect(void)
{
	static const unsigned perms[] = { RW, PERM_R, 0, RX, PERM_W | PERM_X, PERM_W };
	unsigned wanted = perms[below(&seed, 6)];
	uint64_t page, count;
	long expected = 0;

	random_range(&page, &count);
	if ((wanted & PERM_W) && (wanted & PERM_X))
		expected = -EACCES;
	for (uint64_t i = page; expected == 0 && i < page + count; i++) {
		if (!model[i].mapped)
			expected = -ENOMEM;
		else if (!lazy && (wanted & PERM_X))
			expected = -EACCES;
		else
			model[i].perms = (uint8_t)(wanted ? wanted | PERM_R : 0);
	}
	CHECK(memory_protect(address_of(page), count, wanted) == expected);
	check_range(page, count);
}

/* The application's own access, by way of a fault if the CPU would give one. */
static void use_one(uint64_t page, unsigned need)
{
	bool good = model[page].mapped && (model[page].perms & need) == need;
	enum memory_fault refused = model[page].mapped ? MEMORY_FAULT_DENIED : MEMORY_FAULT_UNMAPPED;
	bool there = epc[page].present && (epc[page].perms & need) == need;

	if (lazy && !there)
		CHECK(memory_fault(address_of(page) + below(&seed, PAGE_BYTES), need) ==
		      (good ? MEMORY_FAULT_SERVED : refused));
	else if (lazy)
		CHECK(memory_fault(address_of(page), need) == (good ? MEMORY_FAULT_TAMPERED : refused));
}

/* The shim's accesses for a system call find what the model has, and so does the application. */
static void step_use(void)
{
	unsigned need = below(&seed, 2) ? PERM_R : RW;
	uint64_t page, count;
	bool good = true;

	random_range(&page, &count);
	if (below(&seed, 2)) {
		count = 1;
		use_one(page, need);
	}
	for (uint64_t i = page; i < page + count; i++)
		good = good && model[i].mapped && (model[i].perms & need) == need;
	CHECK(memory_touch(address_of(page) + 8, count * PAGE_BYTES - 16, need) == (good ? 0 : -EFAULT));
	for (uint64_t i = page; good && i < page + count; i++) {
		CHECK(epc[i].present && *word_of(i) == model[i].word);
		if (need == RW)
			*word_of(i) = model[i].word = next_random(&seed);
	}
	check_range(page, count);
}

static void step_discard(void)
{
	uint64_t page, count;
	long expected = 0;

	random_range(&page, &count);
	for (uint64_t i = page; i < page + count; i++) {
		if (!model[i].mapped)
			expected = -ENOMEM;
		else if (!model[i].file)
			model[i].word = 0;
	}
	CHECK(memory_discard(address_of(page), count) == expected);
	check_range(page, count);
}

static void step_move(void)
{
	uint64_t count = 1 + below(&seed, 30), from = low + below(&seed, PAGES - low - count), to;
	bool keep = below(&seed, 3) == 0;

	if (!all_mapped(from, count))
		return;
	to = memory_find(count);
	if (to == 0)
		return;
	memory_move(address_of(from), count, to, keep);
	to = page_at(to);
	for (uint64_t i = 0; i < count; i++) {
		model[to + i] = model[from + i];
		model[from + i].mapped = keep;
		model[from + i].file = false;
		model[from + i].word = 0;
	}
	check_range(from, count);
	check_range(to, count);
}

/* As views of files use it: whatever the mapping permits. */
static void step_transfer(void)
{
	uint64_t page, count, word = next_random(&seed), got = 0;

	random_range(&page, &count);
	if (!model[page].mapped)
		return;
	if (below(&seed, 2)) {
		memory_transfer((uint64_t)&word, address_of(page), sizeof(word), true);
		model[page].word = word;
	}
	memory_transfer((uint64_t)&got, address_of(page), sizeof(got), false);
	CHECK(got == model[page].word);
	check_page(page);
}

static void step_brk(void)
{
	uint64_t wanted = brk_end + below(&seed, 40) - below(&seed, 40);
	uint64_t address = address_of(wanted);
	bool good = wanted >= low;

	for (uint64_t i = brk_end; good && i < wanted; i++)
		good = !model[i].mapped && !model[i].shim;
	CHECK(memory_brk(address) == address_of(good ? wanted : brk_end));
	if (!good)
		return;
	if (wanted > brk_end)
		model_map(brk_end, wanted - brk_end, RW);
	else
		model_unmap(wanted, brk_end - wanted);
	check_range(low, 100);
	brk_end = wanted;
}

#define TAKEN_MOST 40
static struct {
	uint64_t page, count;
} taken[TAKEN_MOST];

/* Pages of the shim's own: zero at first, and nothing that the application does reaches them. */
static void step_take(void)
{
	uint64_t slot = below(&seed, TAKEN_MOST), count = taken[slot].count, page = taken[slot].page, at;

	if (count == 0) {
		uint64_t address;

		count = 1 + below(&seed, below(&seed, 4) ? 4 : 100);
		address = memory_take(count);
		if (address == 0)
			return;
		taken[slot].page = page_at(address);
		taken[slot].count = count;
		model_map(page_at(address), count, RW);
		for (uint64_t i = page_at(address); count-- > 0; i++) {
			model[i].mapped = false;
			model[i].shim = true;
		}
		return;
	}
	at = page + below(&seed, count);
	switch (below(&seed, 4)) {
	case 0:
		memory_give(address_of(page), count);
		for (uint64_t i = page; i < page + count; i++)
			model[i].shim = false;
		taken[slot].count = 0;
		break;
	case 1:
		memory_wipe(address_of(at), page + count - at);
		for (uint64_t i = at; i < page + count; i++)
			model[i].word = 0;
		break;
	default:
		memory_ready(address_of(at) + 7, 100);
		CHECK(memory_is_taken(address_of(at) + 7, 100));
		CHECK(epc[at].present && epc[at].perms == RW && *word_of(at) == model[at].word);
		*word_of(at) = model[at].word = next_random(&seed);
	}
	check_range(page, count);
}

/* The plan's pages: they lose permissions, never gain any, and once unmapped they are memory like any other. */
static void check_image(void)
{
	uint64_t text = address_of(0);

	CHECK(memory_protect(text, 2, RW) == -EACCES && memory_protect(text, 2, RX) == 0);
	CHECK(memory_protect(text, 1, PERM_R) == 0 && memory_protect(text, 1, RX) == -EACCES);
	CHECK(memory_discard(text, 2) == 0 && (!lazy || epc[0].perms == PERM_R));
	CHECK(memory_unmap(text, 1) == (lazy ? 0 : -EINVAL));
	if (!lazy)
		return;
	CHECK(memory_fault(text, PERM_R) == MEMORY_FAULT_UNMAPPED);
	CHECK(memory_is_ours(text, 1) && memory_map(text, 1, RW) == 0);
	CHECK(memory_touch(text, 8, RW) == 0 && *word_of(0) == 0);
	*word_of(0) = 1;
}

static void start(void)
{
	uint64_t heap = (uint64_t)word_of(IMAGE_PAGES + GUARD_PAGES), brk;

	memory_start((uint64_t)arena, heap, (uint64_t)word_of(PAGES), PAGES, 1);
	memory_adopt((uint64_t)arena, IMAGE_PAGES, RX);
	CHECK(!memory_is_ours(heap, 1)); /* the tables are the shim's */
	CHECK(!memory_is_ours(address_of(IMAGE_PAGES), 1));
	CHECK(!memory_is_ours((uint64_t)arena - PAGE_BYTES, 1) && !memory_is_ours(address_of(PAGES), 1));
	CHECK(!memory_is_ours(address_of(PAGES - 1), 2) && !memory_is_ours(address_of(PAGES - 1), UINT64_MAX));
	CHECK(memory_touch(address_of(IMAGE_PAGES - 1), 2 * PAGE_BYTES, PERM_R) == -EFAULT);
	CHECK(memory_touch((uint64_t)arena, IMAGE_PAGES * PAGE_BYTES, PERM_X) == 0);
	CHECK(memory_touch(UINT64_MAX - 3, 8, PERM_R) == -EFAULT);
	check_image();
	/* All of user space, in which there are the plan's pages and no others yet. */
	CHECK(memory_unmap(PAGE_BYTES, (USER_END >> PAGE_SHIFT) - 1) == (lazy ? 0 : -EINVAL));
	CHECK(epc[IMAGE_PAGES - 1].present == !lazy);
	brk = memory_brk(0);
	low = brk_end = page_at(brk);
	CHECK(memory_brk(brk + 100 * PAGE_BYTES + 5) == brk + 100 * PAGE_BYTES + 5);
	CHECK(memory_brk(brk) == brk);
}

/* The count of used pages is what the states say, page by page. */
static void check_used(void)
{
	uint64_t used = 0;
	uint8_t state;

	for (uint64_t page = low; page < PAGES; page++) {
		(void)memory_run(address_of(page), 1, &state);
		used += model[page].shim || (model[page].mapped && (model[page].perms != 0 || (state & PAGE_ACCEPTED)));
	}
	CHECK(memory_spare_pages() == memory_heap_pages() - used);
}

int main(int argc, char **argv)
{
	uint64_t steps;

	CHECK(argc == 4);
	seed = strtoull(argv[1], NULL, 0) | 1;
	steps = strtoull(argv[2], NULL, 0);
	lazy = argv[3][0] == '1';
	arena_start();
	start();
	for (uint64_t i = 0; i < steps; i++) {
		switch (below(&seed, 12)) {
		case 0 ... 1: step_map(); break;
		case 2: step_unmap(); break;
		case 3 ... 4: step_protect(); break;
		case 5 ... 6: step_use(); break;
		case 7: step_move(); break;
		case 8: step_take(); break;
		case 9: step_brk(); break;
		case 10: step_transfer(); break;
		default: step_discard(); break;
		}
		if (i % 512 == 0) {
			check_range(low, PAGES - low);
			check_used();
		}
	}
	check_range(low, PAGES - low);
	check_used();
	check_limit();
	puts("same");
	return 0;
}
