/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_driver SEED: guest pages are taken and given back, until nearly all are free again, and then until there are none left. The
 * MMU is the table of pages: what was not validated cannot be touched, and what is validated twice, or was not asked for, is told.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "snp_world.h"
#include "../../include/paging.h"
#include "../../include/tee.h"
#include "../../../core/include/platform.h"
#include "../../../core/generated/hostcall_guest.h"
#include "../../../core/test/c/model.h"

#define LARGE 0x200000ull
#define START (16 * LARGE)
#define READY (START + 2 * LARGE)
#define END (READY + 33 * LARGE) /* one growth of 16, and one of what is left */
#define COUNT ((END - START) / LARGE)
#define PAGES ((END - START) / PAGE_SIZE)

static struct {
	bool added, owned, validated;
} larges[COUNT];
static uint64_t taken[PAGES], held, most_held, grown, removed;

_Alignas(4096) uint8_t image[0x4000];
__asm__(".globl shim_start, shim_end\n\t.set shim_start, image\n\t.set shim_end, image + 0x1000");

static void wrong(const char *what, uint64_t at)
{
	printf("wrong: %s at %llx\n", what, (unsigned long long)at);
	exit(0);
}

struct hostcall *platform_call(void)
{
	return NULL;
}

static unsigned index_of(const char *what, uint64_t offset, uint64_t length)
{
	if (offset < START || offset % LARGE != 0 || length % LARGE != 0 || offset + length > END)
		wrong(what, offset);
	return (unsigned)((offset - START) / LARGE);
}

long host_balloon_add(struct hostcall *call, uint64_t offset, uint64_t length)
{
	unsigned first = index_of("added", offset, length);

	(void)call;
	grown++;
	for (unsigned i = first; i < first + length / LARGE; i++) {
		if (larges[i].added)
			wrong("added twice", offset);
		larges[i].added = true;
	}
	return 0;
}

void tee_own(uint64_t offset, uint64_t length)
{
	unsigned first = index_of("owned", offset, length);

	for (unsigned i = first; i < first + length / LARGE; i++) {
		if (!larges[i].added || larges[i].owned)
			wrong("owned", offset);
		larges[i].owned = true;
	}
}

static void protect(uint64_t address, int protection)
{
	if (mprotect((void *)address, LARGE, protection) != 0)
		wrong("mprotect", address);
}

/* Validated pages alone are let go of, by who sees them, and the host hears of it afterwards. */
void tee_disown(uint64_t offset, uint64_t seen_at)
{
	unsigned i = index_of("disowned", offset, LARGE);

	if (!larges[i].owned || !larges[i].validated || seen_at != VM_MAP_DIRECT + (offset - START))
		wrong("disowned", offset);
	for (uint64_t at = 0; at < held; at++)
		if (taken[at] >= offset && taken[at] < offset + LARGE)
			wrong("disowned while in use", taken[at]);
	larges[i].owned = larges[i].validated = false;
	protect(seen_at, PROT_NONE);
}

long host_balloon_remove(struct hostcall *call, uint64_t offset, uint64_t length)
{
	unsigned i = index_of("removed", offset, length);

	(void)call;
	removed++;
	if (larges[i].owned || length != LARGE)
		wrong("removed", offset);
	return removed % 3 == 0 ? -EINVAL : 0; /* a host that does not want it changes nothing */
}

void tee_validate(uint64_t address)
{
	unsigned i = index_of("validated", address - VM_MAP_DIRECT + START, LARGE);

	if (!larges[i].owned || larges[i].validated)
		wrong("validated twice, or not the guest's", address);
	larges[i].validated = true;
	protect(address, PROT_READ | PROT_WRITE);
}

void paging_see(uint64_t address, uint64_t offset)
{
	if (address - VM_MAP_DIRECT + START != offset || !larges[index_of("seen", offset, LARGE)].owned)
		wrong("seen", offset);
}

static unsigned count_validated(void)
{
	unsigned validated = 0;

	for (unsigned i = 0; i < COUNT; i++)
		validated += larges[i].validated;
	return validated;
}

_Noreturn void keep_refuse(uint32_t reason)
{
	printf("refused %u, %llu pages, %llu growths, some removed: %s, %u of %u validated\n", reason, (unsigned long long)most_held,
	       (unsigned long long)grown, removed >= 4 ? "yes" : "no", count_validated(), (unsigned)COUNT);
	exit(0);
}

static void take(void)
{
	/* What is taken together comes from the same pages. */
	uint64_t offset = held % 5 == 0 ? guest_take_lasting() : guest_take(), *words = guest_at(offset);

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*words); i++)
		if (words[i] != 0)
			wrong("not zero", offset);
	words[0] = words[511] = offset;
	taken[held++] = offset;
	if (held > most_held)
		most_held = held;
}

static void give(uint64_t at)
{
	const uint64_t *words = guest_at(taken[at]);
	uint64_t offset = taken[at];

	if (words[0] != taken[at] || words[511] != taken[at])
		wrong("handed out twice", taken[at]);
	taken[at] = taken[--held];
	guest_give(offset);
}

int main(int count, char **args)
{
	uint64_t seed = count > 1 ? strtoull(args[1], NULL, 10) : 1;

	*(struct vm_info *)(image + 0x2000) = (struct vm_info){ .pages_start = START, .pages_ready = READY, .pages_end = END };
	if (mmap((void *)VM_MAP_DIRECT, END - START, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) !=
	    (void *)VM_MAP_DIRECT)
		wrong("no room", VM_MAP_DIRECT);
	for (unsigned i = 0; i < (READY - START) / LARGE; i++)
		larges[i].added = larges[i].owned = true;
	guest_start();
	while (held < PAGES / 4 * 3) {
		if (held != 0 && next_random(&seed) % 3 == 0)
			give(next_random(&seed) % held);
		else
			take();
	}
	while (held != 0)
		give(next_random(&seed) % held);
	/* 16 spare ones, the first, which has the table, the last one, of which not all pages have been used, and one for what lasts. */
	if (count_validated() > 19)
		wrong("validated when all are free", count_validated());
	for (;;) {
		if (held != 0 && next_random(&seed) % 3 == 0)
			give(next_random(&seed) % held);
		else
			take();
	}
}
