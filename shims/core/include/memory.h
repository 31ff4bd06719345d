/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application's memory: mappings over the ledger. It spans the application's segments and the heap:
 *
 *   exec start   the application's segments, as the plan added them
 *   heap start   the ledger's tables (the shim's)
 *                brk, upwards
 *                ...
 *   heap end     mappings, downwards; the first is the main thread's stack
 *
 * All functions take whole pages, by address; errors are negative errnos of Linux.
 */
#ifndef MOTTE_MEMORY_H
#define MOTTE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include "ledger.h"

/* Adopts [start, heap_end) of which [heap_start, heap_end) is heap. Nothing is mapped yet. */
void memory_start(uint64_t start, uint64_t heap_start, uint64_t heap_end);

/* Enters pages that the plan added for a segment of the application. */
void memory_adopt(uint64_t address, uint64_t pages, unsigned perms);

/* Finds room from the top; 0 when there is none. */
uint64_t memory_find(uint64_t pages);

/* Whether the range is within the application's memory and nothing of it is the shim's. */
bool memory_is_ours(uint64_t address, uint64_t pages);

/* Whether nothing is mapped in the range, which is ours. */
bool memory_is_free(uint64_t address, uint64_t pages);

/* Whether all of the range, which is ours, is mapped, and with exactly these permissions. */
bool memory_is_mapped(uint64_t address, uint64_t pages);
bool memory_is(uint64_t address, uint64_t pages, unsigned perms);

/* Copies between two ranges that can be read and written, leaving alone what was never touched. */
void memory_copy(uint64_t to, uint64_t from, uint64_t pages);

/* Maps zeroed pages where nothing is mapped. */
long memory_map(uint64_t address, uint64_t pages, unsigned perms);

/* Removes what is mapped in the range, which is ours. */
long memory_unmap(uint64_t address, uint64_t pages);

/* Changes the permissions of a range that is mapped throughout. */
long memory_protect(uint64_t address, uint64_t pages, unsigned perms);

/* Zeroes what is mapped and writable in the range; the rest stays. */
long memory_discard(uint64_t address, uint64_t pages);

/* Pages for the application, as sysinfo() tells them. */
uint64_t memory_heap_pages(void);

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

/* What a page fault of the application means. */
enum memory_fault {
	MEMORY_FAULT_SERVED,   /* the page is there now */
	MEMORY_FAULT_UNMAPPED, /* SIGSEGV, as in Linux: SEGV_MAPERR */
	MEMORY_FAULT_DENIED,   /* SIGSEGV: SEGV_ACCERR */
	MEMORY_FAULT_TAMPERED, /* the ledger says that it cannot be */
};
enum memory_fault memory_fault(uint64_t address, unsigned need);

#endif
