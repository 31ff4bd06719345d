/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages that come after the launch, and go (SECURITY.md, rule 12). The host is asked for each once, and each is validated once, until
 * the Keep itself gives it back, by guest.c's order: a page that is there already, or that goes away, is an attack, and #VC validates nothing.
 */
#include "../include/ghcb.h"
#include "../include/snp.h"
#include "../include/vm_keep.h"
#include "../../core/include/copy.h"
#include "../../core/include/platform.h"

#define LARGE 0x200000ull
#define SMALL_IN_LARGE 512u

/* The header and as many entries as one request takes. */
struct change {
	struct page_state_header header;
	uint64_t entries[PAGE_STATE_ENTRIES];
};
_Static_assert(sizeof(struct change) <= sizeof(((struct ghcb *)0)->shared_buffer), "change");

/* Too large for a stack of 8 pages to be careless about; whoever comes here has the lock, or is alone. */
static struct change change;

static uint64_t fill(uint64_t address, uint64_t length, uint64_t operation)
{
	uint64_t count = length / LARGE < PAGE_STATE_ENTRIES ? length / LARGE : PAGE_STATE_ENTRIES;

	for (uint64_t i = 0; i < count; i++)
		change.entries[i] = (address + i * LARGE) | operation << PAGE_STATE_OPERATION_SHIFT |
				    1ull << PAGE_STATE_LARGE_SHIFT;
	return count;
}

/* From entry `first` on. How far the host has come is its word: a page that it left out cannot be validated. */
static uint64_t request(struct vcpu *vcpu, uint64_t first, uint64_t count)
{
	uint64_t buffer = ghcb_address(((uint64_t)vcpu - (uint64_t)vcpu_at(0)) / VM_MAP_VCPU_STRIDE) +
			  __builtin_offsetof(struct ghcb, shared_buffer);
	struct ghcb_call call = { .code = GHCB_EXIT_PAGE_STATE, .scratch = buffer };
	struct page_state_header header = { .current = (uint16_t)first, .last = (uint16_t)(count - 1) };

	change.header = header;
	(void)copy_out((void *)buffer, &change, sizeof(header) + count * sizeof(change.entries[0]));
	ghcb_call(vcpu, &call);
	(void)copy_in(&header, (const void *)buffer, sizeof(header));
	if (call.info2 != 0 || header.current <= first || header.current > count)
		keep_refuse(REASON_GHCB);
	return header.current;
}

static void ask(uint64_t address, uint64_t length, uint64_t operation)
{
	while (length != 0) {
		uint64_t count = fill(address, length, operation), done = 0;

		while (done < count)
			done = request(vcpu_self(), done, count);
		address += count * LARGE;
		length -= count * LARGE;
	}
}

void snp_own(uint64_t address, uint64_t length)
{
	ask(address, length, PAGE_STATE_PRIVATE);
}

void snp_disown(uint64_t address, uint64_t length)
{
	ask(address, length, PAGE_STATE_SHARED);
}

/* CF says that the page was so before, which nobody but the guest can have made it. */
static void change_each(uint64_t address, uint32_t valid)
{
	uint64_t result = snp_pvalidate(address, 1, valid);

	if (result == PVALIDATE_FAIL_SIZEMISMATCH) {
		/* the host's pages are smaller than what was asked for */
		for (unsigned i = 0; i < SMALL_IN_LARGE; i++)
			if (snp_pvalidate(address + (uint64_t)i * PAGE_SIZE, 0, valid) != 0)
				keep_refuse(REASON_MEMORY_LEDGER);
	} else if (result != 0) {
		keep_refuse(REASON_MEMORY_LEDGER);
	}
}

void snp_validate(uint64_t address)
{
	change_each(address, 1);
}

void snp_invalidate(uint64_t address)
{
	change_each(address, 0);
}
