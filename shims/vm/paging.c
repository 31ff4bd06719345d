/* SPDX-License-Identifier: Apache-2.0 */
/* The Keep's page tables, and how its vCPUs agree on them. */
#include "include/paging.h"
#include "include/pvm.h"
#include "../core/include/platform.h"
#include "../core/generated/hostcall_guest.h"

#define LEVELS 4
#define INDEX_BITS 9

uint64_t paging_changes;

/* A table's entry for its lower tables: what ring 3 may do is in the last one. */
#define ENTRY_TABLE (ENTRY_P | ENTRY_W | ENTRY_A)

static uint64_t *table_of(uint64_t entry)
{
	return guest_at((entry & ENTRY_ADDRESS & ~vm_info()->encrypted) - VM_MAP_BASE);
}

static uint64_t table_entry(uint64_t offset, uint64_t flags)
{
	return (VM_MAP_BASE + offset) | vm_info()->encrypted | flags;
}

static unsigned index_in(uint64_t address, unsigned level)
{
	return address >> (PAGE_SHIFT + (level - 1) * INDEX_BITS) & ((1u << INDEX_BITS) - 1);
}

static bool is_own(uint64_t address)
{
	return address >= VM_MAP_OWN;
}

uint64_t paging_own(void)
{
	return vm_info()->shim_table != 0 ? ENTRY_U : 0;
}

/* The shim's own tables are the exec's but for the few on the way to both, which have the same entries, all of them with U. */
static void show_shim(uint64_t address, unsigned level, uint64_t entry)
{
	uint64_t *table = (uint64_t *)(keep_base() + vm_info()->shim_table);

	for (unsigned above = LEVELS; above > level; above--)
		table = table_of(table[index_in(address, above)]);
	table[index_in(address, level)] = entry | ENTRY_U;
}

/* At the top, entries of the shim's own memory are without U: so nothing below is the exec's. */
static void make_table(uint64_t *at, uint64_t address, unsigned level)
{
	uint64_t user = !is_own(address) ? ENTRY_U : level < LEVELS ? paging_own() : 0;

	/* What shows guest pages that have just come cannot wait for others of them. */
	*at = table_entry(address >= VM_MAP_DIRECT ? guest_take() : guest_take_lasting(), ENTRY_TABLE | user);
	if (vm_info()->shim_table != 0)
		show_shim(address, level, *at);
}

/* The entry for an address in the table of a level: 1 is the last. */
static uint64_t *walk(uint64_t address, unsigned to, bool make)
{
	uint64_t *table = (uint64_t *)(keep_base() + vm_info()->root_table);

	for (unsigned level = LEVELS; ; level--) {
		uint64_t *entry = &table[index_in(address, level)];

		if (level == to)
			return entry;
		if (!(*entry & ENTRY_P)) {
			if (!make)
				return NULL;
			make_table(entry, address, level);
		}
		table = table_of(*entry);
	}
}

uint64_t *paging_entry(uint64_t address, bool make)
{
	return walk(address, 1, make);
}

void paging_see(uint64_t address, uint64_t offset)
{
	*walk(address, 2, true) =
		table_entry(offset, ENTRY_P | ENTRY_W | ENTRY_A | ENTRY_D | ENTRY_PS | ENTRY_NX | paging_own());
}

static void flush(void)
{
	uint64_t cr3;

	if (pvm_host) {
		pvm_flush();
		return;
	}
	__asm__ volatile("movq %%cr3, %0\n\tmovq %0, %%cr3" : "=r"(cr3) : : "memory");
}

void paging_catch_up(struct vcpu *vcpu)
{
	uint64_t changes = __atomic_load_n(&paging_changes, __ATOMIC_ACQUIRE);

	flush();
	__atomic_store_n(&vcpu->flushed, changes, __ATOMIC_RELEASE);
}

/* Whether a vCPU's ring 3 may still use what it knew; one in ring 0 catches up with the lock, or on its way out. */
static bool is_behind(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->outside, __ATOMIC_SEQ_CST) &&
	       __atomic_load_n(&vcpu->flushed, __ATOMIC_SEQ_CST) != paging_changes;
}

/* Asks the host to interrupt those that are in ring 3; false when there is none. */
static bool kick_others(struct vcpu *self)
{
	bool some = false;

	for (uint64_t i = 0; i < vm_info()->vcpu_count; i++) {
		struct vcpu *other = vcpu_at(i);

		if (other == self || !is_behind(other))
			continue;
		(void)host_vcpu_kick(platform_call(), i);
		some = true;
	}
	return some;
}

/*
 * Each says itself that it has flushed, and only that counts. An honest host can take as long as it likes to run a vCPU, so there
 * is no end to the waiting: a host that never does stops the Keep, as it always can.
 */
static void shoot_down(struct vcpu *self)
{
	while (kick_others(self))
		(void)host_sched_yield(platform_call());
}

void paging_settle(void)
{
	struct vcpu *self = vcpu_self();

	__atomic_add_fetch(&paging_changes, 1, __ATOMIC_SEQ_CST);
	paging_catch_up(self);
	if (SHIM_THREADS)
		shoot_down(self);
}
