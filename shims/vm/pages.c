/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of a VM-based Keep: what the ledger decides becomes an entry of the page tables. */
#include "include/paging.h"
#include "include/vm_keep.h"
#include "../core/include/ledger.h"
#include "../core/include/platform.h"

/* Without permissions a page is the shim's alone, so that its contents can be kept: never absent with an address in it. */
static uint64_t flags_of(unsigned perms)
{
	uint64_t flags = ENTRY_P | ENTRY_A | ENTRY_D;

	if (perms & PERM_W)
		flags |= ENTRY_W;
	if (!(perms & PERM_X))
		flags |= ENTRY_NX;
	if ((perms & PERM_MASK) && !(perms & PAGE_SHIM))
		flags |= ENTRY_U;
	return flags;
}

/* Nothing was there, so no TLB knows of it. */
void platform_accept(uint64_t address, uint64_t pages, unsigned perms)
{
	for (uint64_t i = 0; i < pages; i++)
		*paging_entry(address + i * PAGE_BYTES, true) =
			(VM_MAP_BASE + guest_take()) | vm_info()->encrypted | flags_of(perms);
}

void platform_permit(uint64_t address, uint64_t pages, unsigned old, unsigned now)
{
	(void)old; /* what a page permits is in its entry */
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t *entry = paging_entry(address + i * PAGE_BYTES, false);

		*entry = (*entry & ENTRY_ADDRESS) | flags_of(now);
	}
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
		*paging_entry(address + i * PAGE_BYTES, false) &= ~ENTRY_P;
	paging_settle();
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t *entry = paging_entry(address + i * PAGE_BYTES, false);

		guest_give((*entry & ENTRY_ADDRESS & ~vm_info()->encrypted) - VM_MAP_BASE);
		*entry = 0;
	}
}
