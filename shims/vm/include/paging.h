/* SPDX-License-Identifier: Apache-2.0 */
/* Page tables and the guest pages that they are made of. */
#ifndef MOTTE_VM_PAGING_H
#define MOTTE_VM_PAGING_H

#include <stdbool.h>
#include <stdint.h>
#include "../../core/generated/vm_map.h"

/* Entries of page tables (AMD 24593, 5.4). */
#define ENTRY_P 0x1ull
#define ENTRY_W 0x2ull
#define ENTRY_U 0x4ull
#define ENTRY_A 0x20ull
#define ENTRY_D 0x40ull
#define ENTRY_PS 0x80ull
#define ENTRY_NX 0x8000000000000000ull
#define ENTRY_ADDRESS 0x000ffffffffff000ull

/* ---- guest.c: guest pages, by their offset from VM_MAP_BASE ---- */

void guest_start(void);

/* One that nobody uses, zeroed. The Keep ends when there is none. */
uint64_t guest_take(void);

/* The same, for what is not soon given back: page tables, the shim's own memory. */
uint64_t guest_take_lasting(void);
void guest_give(uint64_t offset);

/* Where the shim sees one, whether it was launched or taken. */
void *guest_at(uint64_t offset);

/* ---- paging.c ---- */

/*
 * What entries of the shim's own memory have: U where it sees the Keep by tables of its own (VM_INFO's shim_table). Those of the exec
 * have no U on the way to them.
 */
uint64_t paging_own(void);

/* The entry of a page of the Keep; with `make`, tables on the way to it are made. NULL when there are none. */
uint64_t *paging_entry(uint64_t address, bool make);

/* A large entry, ring 0 alone, for the 2 MiB of guest pages from `offset` on. */
void paging_see(uint64_t address, uint64_t offset);

/* An entry's page has changed for others: they must not go on with what their TLBs know. */
void paging_settle(void);

#endif
