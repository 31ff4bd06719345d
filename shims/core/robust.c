/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a task's locks, by Linux's rules (kernel/futex/core.c, exit_robust_list). The list is the application's own and may
 * be anything: every step is looked at, and there are no more than Linux takes.
 */
#include "include/robust.h"
#include <stdbool.h>
#include <stdint.h>
#include "include/futex.h"
#include "include/memory.h"
#include "include/task.h"
#include "include/user.h"

#define ROBUST_LIST_LIMIT 2048

#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3fffffffu

struct robust_list_head {
	uint64_t next;
	int64_t offset;  /* from an entry to its futex */
	uint64_t pending; /* the lock that the task was about to take or to give up */
};

/* Bit 0 of a pointer marks a lock with priority inheritance, which no futex call here serves: it is left alone. */
static bool is_inheriting(uint64_t entry)
{
	return (entry & 1) != 0;
}

/* False when the list cannot be followed any further. */
static bool release(const struct task *task, uint64_t entry, int64_t offset, bool pending)
{
	uint64_t address = (entry & ~1ull) + (uint64_t)offset;
	uint32_t *word = (uint32_t *)address;
	uint32_t value, owner;

	if (address % sizeof(*word) != 0 || memory_touch(address, sizeof(*word), PERM_R | PERM_W))
		return false;
	if (is_inheriting(entry))
		return true;
	value = __atomic_load_n(word, __ATOMIC_RELAXED);
	do {
		owner = value & FUTEX_TID_MASK;
		/* It had let go, and was to wake somebody: nobody else will. */
		if (pending && owner == 0) {
			futex_wake(address, 1, FUTEX_ANY);
			return true;
		}
		if (owner != task->number)
			return true;
	} while (!__atomic_compare_exchange_n(word, &value, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	if (value & FUTEX_WAITERS)
		futex_wake(address, 1, FUTEX_ANY);
	return true;
}

static void walk(const struct task *task)
{
	struct robust_list_head head;
	uint64_t entry;

	if (user_get(&head, task->robust, sizeof(head)))
		return;
	entry = head.next;
	for (unsigned i = 0; i < ROBUST_LIST_LIMIT && (entry & ~1ull) != task->robust; i++) {
		uint64_t next;
		/* Before the lock is free: whoever has it then may reuse its memory. */
		bool is_end = user_get(&next, entry & ~1ull, sizeof(next)) != 0;

		/* The pending one may or may not be on the list already. */
		if ((entry & ~1ull) != (head.pending & ~1ull) && !release(task, entry, head.offset, false))
			return;
		if (is_end)
			return;
		entry = next;
	}
	if ((head.pending & ~1ull) != 0)
		(void)release(task, head.pending, head.offset, true);
}

void robust_end(struct task *task)
{
	const uint32_t none = 0;

	if (task->robust != 0)
		walk(task);
	if (task->clear_at != 0 && !user_put(task->clear_at, &none, sizeof(none)))
		futex_wake(task->clear_at, 1, FUTEX_ANY);
}
