/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to a run of pages in one state: what CPU and host do first, then what the ledger says of it. */
#include "include/memory.h"
#include "include/memory_state.h"
#include "include/bytes.h"

#define RW (PERM_R | PERM_W)

/*
 * Freed runs shorter than this stay part of the Keep, without permissions, for the next use: that takes one host
 * call, and no fault later, where giving them back takes two. No more than KEPT_MOST pages are kept.
 */
#define TRIM_LEAST 16
#define KEPT_MOST 1024

/* Whether a page in this state is one of the `used`. */
static bool counts(uint8_t state)
{
	if (state & PAGE_IMAGE)
		return false;
	return (state & PAGE_SHIM) || ((state & PAGE_MAPPED) && (state & (PAGE_ACCEPTED | PERM_MASK)));
}

static void set(uint64_t address, uint64_t count, uint8_t from, uint8_t to)
{
	if (counts(from))
		memory.used -= count;
	if (counts(to))
		memory.used += count;
	ledger_write(&memory.ledger, page_of(address), count, to);
}

/* Pages in this state, where the shim can write them. */
static void *seen_at(uint64_t address, uint8_t state)
{
	return (void *)(state & PAGE_SHIM ? platform_own(address) : address);
}

bool memory_has_room(uint64_t address, uint64_t pages)
{
	uint64_t end = address + (pages << PAGE_SHIFT), part, need = 0;
	uint8_t state;

	for (uint64_t at = address; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		if (!(state & PAGE_IMAGE) && !counts(state))
			need += part;
	}
	return need <= memory_spare_pages();
}

void memory_accept(uint64_t address, uint64_t count, uint8_t state)
{
	memory.changes++;
	platform_accept(address, count, state & (PERM_MASK | PAGE_SHIM));
	set(address, count, state, (uint8_t)(state | PAGE_ACCEPTED));
}

void memory_reuse(uint64_t address, uint64_t count, uint8_t state, uint8_t fresh)
{
	memory.changes++;
	if (state & PAGE_ACCEPTED) {
		/* Who reads here before the call that maps it is over sees what the program itself once left. */
		platform_permit(address, count, 0, RW | (fresh & PAGE_SHIM));
		memset(seen_at(address, fresh), 0, count << PAGE_SHIFT);
		memory.kept -= count;
	}
	set(address, count, state, (uint8_t)(fresh | (state & (PAGE_ACCEPTED | PAGE_IMAGE))));
	if (page_of(address) + count == memory.top)
		memory.top = page_of(address);
}

void memory_release(uint64_t address, uint64_t count, uint8_t state)
{
	bool accepted = platform_lazy() && (state & PAGE_ACCEPTED);
	bool keep = accepted && count < TRIM_LEAST && memory.kept + count <= KEPT_MOST && !(state & PAGE_IMAGE);

	if (keep) {
		if (state & PERM_MASK)
			platform_permit(address, count, state & PERM_MASK, 0);
		memory.kept += count;
	} else if (accepted) {
		platform_trim(address, count);
	}
	/* What the host mapped for code, or as the plan said, is as all heap from here on. */
	if (accepted && (state & (PERM_X | PAGE_IMAGE)))
		platform_code(address, count, false);
	/* Without lazy memory the page is there for ever; accepting it again zeroes it. */
	set(address, count, state,
	    (uint8_t)((keep ? PAGE_ACCEPTED : 0) | (state & PAGE_IMAGE ? PAGE_IMAGE | PAGE_IMAGE_W : 0)));
	if (page_of(address) + count > memory.top)
		memory.top = page_of(address) + count;
	if (page_of(address) >= memory.take_low && page_of(address) < memory.take_next)
		memory.take_next = page_of(address);
}

void memory_permit(uint64_t address, uint64_t count, uint8_t state, unsigned perms)
{
	uint8_t after = (uint8_t)((state & ~PERM_MASK) | perms);
	unsigned old = state & PERM_MASK;

	memory.changes++;
	if (!(state & PAGE_ACCEPTED)) {
		/* What can wait for its first use costs nothing until then. */
		if (perms == 0 || (platform_lazy() && !(perms & PERM_X))) {
			set(address, count, state, after);
			return;
		}
		platform_accept(address, count, RW);
		old = RW;
		after |= PAGE_ACCEPTED;
	}
	if (old != perms)
		platform_permit(address, count, old, perms);
	if (((old ^ perms) & PERM_X) && !(state & PAGE_IMAGE))
		platform_code(address, count, perms & PERM_X);
	set(address, count, state, after);
}

void memory_zero(uint64_t address, uint64_t count, uint8_t state)
{
	if (!(state & PAGE_ACCEPTED))
		return;
	if (!platform_lazy() || ((state & PERM_W) && count < TRIM_LEAST)) {
		memset(seen_at(address, state), 0, count << PAGE_SHIFT);
		return;
	}
	memory.changes++;
	platform_trim(address, count);
	/* The next page is added readable and writable, and gets what this one had. */
	set(address, count, state, (uint8_t)((state & ~(PAGE_ACCEPTED | PERM_MASK)) | RW));
	memory_permit(address, count, (uint8_t)((state & ~(PAGE_ACCEPTED | PERM_MASK)) | RW), state & PERM_MASK);
}
