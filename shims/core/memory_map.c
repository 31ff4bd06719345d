/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping, unmapping, permissions: every change goes by runs of pages in one state. */
#include "include/memory.h"
#include "include/bytes.h"
#include "include/linux.h"
#include "include/memory_state.h"

/* Readable and writable pages, whether or not there is memory for them. */
static void map(uint64_t address, uint64_t pages)
{
	uint64_t end = address + (pages << PAGE_SHIFT), part;
	uint8_t state;

	for (uint64_t at = address; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		memory_reuse(at, part, state, PAGE_MAPPED | PERM_R | PERM_W);
	}
}

long memory_map(uint64_t address, uint64_t pages, unsigned perms)
{
	if ((perms & PERM_MASK) && !memory_has_room(address, pages))
		return -ENOMEM;
	map(address, pages);
	return memory_protect(address, pages, perms);
}

long memory_unmap(uint64_t address, uint64_t pages)
{
	uint64_t end = address + (pages << PAGE_SHIFT), part;
	uint8_t state;

	for (uint64_t at = address; at < end && !platform_lazy(); at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		if ((state & PAGE_MAPPED) && (state & PAGE_IMAGE))
			return -EINVAL; /* SGX1: its permissions can never be those of a heap page */
	}
	for (uint64_t at = address; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		if (state & PAGE_MAPPED)
			memory_release(at, part, state);
	}
	return 0;
}

/* Whether Linux, or this platform, refuses the change for pages in `state`. */
static long may_protect(uint8_t state, unsigned perms)
{
	unsigned added = perms & ~(unsigned)state;

	if (!(state & PAGE_MAPPED))
		return -ENOMEM;
	if ((added & PERM_X) && (!platform_late_code() || (state & PAGE_IMAGE)))
		return -EACCES;
	/* The host maps no page of the plan wider than it was added; SGX1 cannot even give back. */
	if ((added & PERM_W) && (state & PAGE_IMAGE) && !(platform_lazy() && (state & PAGE_IMAGE_W)))
		return -EACCES;
	return 0;
}

long memory_protect(uint64_t address, uint64_t pages, unsigned perms)
{
	uint64_t end = address + (pages << PAGE_SHIFT), part;
	uint8_t state;

	if ((perms & PERM_W) && (perms & PERM_X))
		return -EACCES; /* W^X */
	if (perms)
		perms |= PERM_R; /* as on x86: what can be written or run can be read */
	if (perms && !memory_has_room(address, pages))
		return -ENOMEM;
	for (uint64_t at = address; at < end; at += part << PAGE_SHIFT) {
		long error;

		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		error = may_protect(state, perms);
		if (error)
			return error; /* as in Linux, what comes before it is changed */
		memory_permit(at, part, state, perms);
	}
	return 0;
}

long memory_discard(uint64_t address, uint64_t pages)
{
	uint64_t end = address + (pages << PAGE_SHIFT), part;
	long error = 0;
	uint8_t state;

	for (uint64_t at = address; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		if (!(state & PAGE_MAPPED))
			error = -ENOMEM; /* and the rest is discarded all the same */
		else if (!(state & (PAGE_IMAGE | PAGE_FILE)))
			memory_zero(at, part, state);
	}
	return error;
}

void memory_mark_file(uint64_t address, uint64_t pages)
{
	uint64_t end = address + (pages << PAGE_SHIFT), part;
	uint8_t state;

	for (uint64_t at = address; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		if (!(state & PAGE_IMAGE))
			ledger_write(&memory.ledger, page_of(at), part, state | PAGE_FILE);
	}
}

void memory_move(uint64_t from, uint64_t pages, uint64_t to, bool keep)
{
	uint64_t end = from + (pages << PAGE_SHIFT), part;
	uint8_t state;

	for (uint64_t at = from; at < end; at += part << PAGE_SHIFT, to += part << PAGE_SHIFT) {
		unsigned perms;

		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		perms = state & PERM_MASK;
		map(to, part); /* for a moment it counts twice */
		if (state & PAGE_ACCEPTED) {
			/* What another thread writes from here on would be lost: it faults, and waits for this call. */
			memory_permit(at, part, state, PERM_R);
			state = (uint8_t)((state & ~PERM_MASK) | PERM_R);
			memory_ready(to, part << PAGE_SHIFT);
			memcpy((void *)to, (const void *)at, part << PAGE_SHIFT);
		}
		if (state & PAGE_FILE)
			memory_mark_file(to, part);
		(void)memory_protect(to, part, perms);
		memory_release(at, part, state);
		if (keep)
			(void)memory_map(at, part, perms);
	}
}
