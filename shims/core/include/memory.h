/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application's memory: mappings over the ledger. It spans the application's segments and the heap:
 *
 *   exec start   the application's segments, as the plan added them
 *   heap start   the ledger's tables (the shim's)
 *                brk, upwards
 *                from an eighth on: pages that the shim takes for itself, upwards
 *   heap end     mappings, downwards; the first is the main thread's stack
 *
 * All functions take whole pages, by address; errors are negative errnos of Linux.
 */
#ifndef MOTTE_MEMORY_H
#define MOTTE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include "ledger.h"

/* Where addresses of Linux's user space end. */
#define USER_END 0x7ffffffff000ull

/*
 * Adopts [start, heap_end) of which [heap_start, heap_end) is heap, and of that `most` pages can be used at a time: there
 * may be more addresses than memory. Nothing is mapped yet.
 *
 * A page counts as used while the application may touch it or has touched it, or the shim has taken it; neither do
 * reservations (PROT_NONE) count, nor the plan's pages, nor the ledger's tables, which are a 4096th of what is touched.
 */
void memory_start(uint64_t start, uint64_t heap_start, uint64_t heap_end, uint64_t most, uint64_t threads);

/* Enters pages that the plan added for a segment of the application. */
void memory_adopt(uint64_t address, uint64_t pages, unsigned perms);

/* Finds room from the top; 0 when there is none. */
uint64_t memory_find(uint64_t pages);

/*
 * How many of the `pages` pages from an address on, at least one, are in one state, and which. Outside of the
 * application's memory that is 0. Ranges below USER_END are good everywhere here, unless it says otherwise.
 */
uint64_t memory_run(uint64_t address, uint64_t pages, uint8_t *state);

/* Whether the range is within the application's memory and nothing of it is the shim's. */
bool memory_is_ours(uint64_t address, uint64_t pages);

/* Whether nothing is mapped in the range, which is ours. */
bool memory_is_free(uint64_t address, uint64_t pages);

/* Whether all of the range is mapped; and whether it is one kind of memory with the same permissions. */
bool memory_is_mapped(uint64_t address, uint64_t pages);
bool memory_is_alike(uint64_t address, uint64_t pages);

/* Maps zeroed pages where nothing is mapped, in a range that is ours. */
long memory_map(uint64_t address, uint64_t pages, unsigned perms);

/* Removes what is mapped in the range. */
long memory_unmap(uint64_t address, uint64_t pages);

/* Changes permissions, up to the first page that is not mapped or must not have them. */
long memory_protect(uint64_t address, uint64_t pages, unsigned perms);

/* Zeroes what is mapped; segments and copies of files stay as they are. -ENOMEM if something was not mapped. */
long memory_discard(uint64_t address, uint64_t pages);

/* What is mapped there is a copy of a file's bytes. */
void memory_mark_file(uint64_t address, uint64_t pages);

/* Brings in what is not there yet. -ENOMEM when something is not mapped, -EINVAL when it is without `need`. */
long memory_populate(uint64_t address, uint64_t pages, unsigned need);

/* Moves mapped pages to a range that is ours and free; with `keep` zeroed ones stay mapped where they were. */
void memory_move(uint64_t from, uint64_t pages, uint64_t to, bool keep);

/* No mapped page is executable any more; and none is mapped. (memory_end.c) */
void memory_stop_code(void);
void memory_forget(void);

/* Pages of memory there are, and how many of them are not used. */
uint64_t memory_heap_pages(void);
uint64_t memory_spare_pages(void);

/* Moves the end of the data segment if it can be; returns where it is. */
uint64_t memory_brk(uint64_t address);

/*
 * Makes [address, address + length) usable for the shim on the application's behalf: mapped with `need` throughout,
 * and accepted. -EFAULT otherwise. Every pointer of a system call goes through this.
 */
long memory_touch(uint64_t address, uint64_t length, unsigned need);

/*
 * Pages of the shim's own: the application can neither map over them, change them, nor name them in a system call.
 * memory_take() finds zeroed pages, 0 when there is no room; nobody may use them before memory_ready(), which brings
 * in those of a taken range that were not used yet. So what is never used costs nothing.
 */
uint64_t memory_take(uint64_t pages);
void memory_ready(uint64_t address, uint64_t length);
bool memory_is_taken(uint64_t address, uint64_t length); /* and ready */
void memory_wipe(uint64_t address, uint64_t pages);      /* zeroes them */
void memory_give(uint64_t address, uint64_t pages);

/* Copies to or from mapped pages, which need not permit that; `other` was touched. */
void memory_transfer(uint64_t other, uint64_t mapped, uint64_t count, bool write);

/* What a page fault of the application means. */
enum memory_fault {
	MEMORY_FAULT_SERVED,   /* try again: the page is there now */
	MEMORY_FAULT_UNMAPPED, /* SIGSEGV, as in Linux: SEGV_MAPERR */
	MEMORY_FAULT_DENIED,   /* SIGSEGV: SEGV_ACCERR */
	MEMORY_FAULT_TAMPERED, /* the ledger says that it cannot be */
};
enum memory_fault memory_fault(uint64_t address, unsigned need);

#endif
