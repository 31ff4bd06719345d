/* SPDX-License-Identifier: Apache-2.0 */
/* The shim's own accesses on the application's behalf, and the application's page faults. */
#include "include/memory.h"
#include "include/bytes.h"
#include "include/linux.h"
#include "include/memory_state.h"

/*
 * Pages that one fault brings in: neighbours are mostly used next, and a fault costs far more than an acceptance. It
 * brings as many as are in use right before it, within these: who goes through memory in order has a few faults.
 */
#define BATCH_LEAST 16
#define BATCH_MOST 256

static uint64_t next_batch(uint64_t address)
{
	uint64_t batch = BATCH_LEAST;
	uint8_t state;

	while (batch < BATCH_MOST && memory_run(address - (batch << PAGE_SHIFT), batch, &state) == batch &&
	       (state & PAGE_ACCEPTED))
		batch *= 2;
	return batch;
}

/*
 * Whether a fault on a page that is there may be one of before the last change: another thread made that change while
 * this one was on its way here. Each thread can have one such fault a change; who has more is lied to by the host.
 */
static bool is_stale(void)
{
	static uint64_t changes, faults;

	if (changes != memory.changes) {
		changes = memory.changes;
		faults = 0;
	}
	return ++faults < memory.threads;
}

long memory_populate(uint64_t address, uint64_t pages, unsigned need)
{
	uint64_t end = address + (pages << PAGE_SHIFT), part;
	uint8_t state;

	for (uint64_t at = address; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		if (!(state & PAGE_MAPPED))
			return -ENOMEM;
		if ((state & need) != need)
			return -EINVAL;
		if (!(state & PAGE_ACCEPTED))
			memory_accept(at, part, state);
	}
	return 0;
}

long memory_touch(uint64_t address, uint64_t length, unsigned need)
{
	uint64_t first = address & ~(PAGE_BYTES - 1), last;

	if (length == 0)
		return 0;
	if (__builtin_add_overflow(address, length - 1, &last) || last >= USER_END)
		return -EFAULT;
	return memory_populate(first, ((last - first) >> PAGE_SHIFT) + 1, need) ? -EFAULT : 0;
}

void memory_transfer(uint64_t other, uint64_t mapped, uint64_t count, bool write)
{
	const unsigned both = PERM_R | PERM_W;

	while (count != 0) {
		uint64_t at = mapped & ~(PAGE_BYTES - 1), part = PAGE_BYTES - mapped % PAGE_BYTES;
		unsigned perms;
		uint8_t state;

		part = part < count ? part : count;
		(void)memory_run(at, 1, &state);
		perms = state & PERM_MASK;
		if (write ? !(perms & PERM_W) : !(perms & PERM_R))
			memory_permit(at, 1, state, both);
		(void)memory_run(at, 1, &state);
		if (!(state & PAGE_ACCEPTED))
			memory_accept(at, 1, state);
		memcpy((void *)(write ? mapped : other), (const void *)(write ? other : mapped), part);
		(void)memory_run(at, 1, &state);
		if ((state & PERM_MASK) != perms)
			memory_permit(at, 1, state, perms);
		mapped += part;
		other += part;
		count -= part;
	}
}

enum memory_fault memory_fault(uint64_t address, unsigned need)
{
	uint64_t at = address & ~(PAGE_BYTES - 1), count;
	uint8_t state;

	count = memory_run(at, 1, &state);
	if (!(state & PAGE_MAPPED))
		return MEMORY_FAULT_UNMAPPED;
	if ((state & need) != need)
		return MEMORY_FAULT_DENIED;
	if (state & PAGE_ACCEPTED)
		return is_stale() ? MEMORY_FAULT_SERVED : MEMORY_FAULT_TAMPERED;
	count = memory_run(at, next_batch(at), &state);
	memory_accept(at, count, state);
	return MEMORY_FAULT_SERVED;
}
