/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of a VM-based Keep: what the ledger decides becomes an entry of the page tables. A page that ring 3 may use is at its
 * address. One that is the shim's own, or permits nothing, is in the window of these (platform_own), so that its contents are kept
 * and no address of ring 3 leads to it.
 */
#include "include/paging.h"
#include "include/vm_keep.h"
#include "../core/include/ledger.h"
#include "../core/include/platform.h"

static uint64_t flags_of(unsigned perms)
{
	uint64_t flags = ENTRY_P | ENTRY_A | ENTRY_D;

	if (perms & PERM_W)
		flags |= ENTRY_W;
	if (!(perms & PERM_X))
		flags |= ENTRY_NX;
	return flags;
}

static bool is_user(unsigned perms)
{
	return (perms & PERM_MASK) && !(perms & PAGE_SHIM);
}

static uint64_t *put(uint64_t address, uint64_t page, unsigned perms)
{
	bool user = is_user(perms);
	uint64_t *entry = paging_entry(user ? address : platform_own(address), true);

	*entry = page | flags_of(perms) | (user ? ENTRY_U : paging_own());
	return entry;
}

/* An accepted page's entry, in one place or the other. */
static uint64_t *entry_of(uint64_t address)
{
	uint64_t *entry = paging_entry(address, false);

	if (entry && (*entry & ENTRY_ADDRESS))
		return entry;
	entry = paging_entry(platform_own(address), false);
	if (!entry || !(*entry & ENTRY_ADDRESS))
		keep_refuse(REASON_MEMORY_LEDGER);
	return entry;
}

/* Nothing was there, so no TLB knows of it. */
void platform_accept(uint64_t address, uint64_t pages, unsigned perms)
{
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t page = perms & PAGE_SHIM ? guest_take_lasting() : guest_take();

		(void)put(address + i * PAGE_BYTES, (VM_MAP_BASE + page) | vm_info()->encrypted, perms);
	}
}

static void permit(uint64_t address, unsigned now)
{
	uint64_t *entry = entry_of(address);

	if (put(address, *entry & ENTRY_ADDRESS, now) != entry)
		*entry = 0;
}

void platform_permit(uint64_t address, uint64_t pages, unsigned old, unsigned now)
{
	(void)old; /* what a page permits is in its entry */
	for (uint64_t i = 0; i < pages; i++)
		permit(address + i * PAGE_BYTES, now);
	paging_settle();
}

/* Who may be executed is the guest's word alone. */
void platform_code(uint64_t address, uint64_t pages, bool code)
{
	(void)address, (void)pages, (void)code;
}

/* The pages are free only when no TLB knows of them. Until then their entries keep who they are. */
void platform_trim(uint64_t address, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		*entry_of(address + i * PAGE_BYTES) &= ~ENTRY_P;
	paging_settle();
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t *entry = entry_of(address + i * PAGE_BYTES);

		guest_give((*entry & ENTRY_ADDRESS & ~vm_info()->encrypted) - VM_MAP_BASE);
		*entry = 0;
	}
}
