/* SPDX-License-Identifier: Apache-2.0 */
#include "include/futex.h"
#include <stddef.h>
#include "include/platform.h"
#include "include/task.h"
#include "include/wait.h"

struct task *futex_oldest;

static struct task **end_of_queue(void)
{
	struct task **at = &futex_oldest;

	while (*at != NULL)
		at = &(*at)->futex.next;
	return at;
}

static void append(struct task *task)
{
	task->futex.next = NULL;
	*end_of_queue() = task;
}

/* Takes the task out whose place is `at`. */
static struct task *take(struct task **at)
{
	struct task *task = *at;

	*at = task->futex.next;
	return task;
}

static __attribute__((noinline)) uint64_t wake(uint64_t address, uint64_t most, uint32_t bits)
{
	struct task **at = &futex_oldest;
	uint64_t woken = 0;

	while (*at != NULL && woken < most) {
		struct task *task = *at;

		if (task->futex.address != address || !(task->futex.bits & bits)) {
			at = &task->futex.next;
			continue;
		}
		take(at)->futex.address = 0;
		wait_wake(task);
		woken++;
	}
	return woken;
}

/* Mostly nobody waits: then there is no register to be saved and, what costs more, none to be loaded again (docs/adr/0005). */
uint64_t futex_wake(uint64_t address, uint64_t most, uint32_t bits)
{
	return futex_oldest == NULL ? 0 : wake(address, most, bits);
}

uint64_t futex_requeue(uint64_t from, uint64_t to, uint64_t most, uint64_t moved)
{
	uint64_t woken = futex_wake(from, most, FUTEX_ANY);
	struct task **at = &futex_oldest;
	struct task *first = NULL; /* of those that were moved: the search has been everywhere when it comes back to it */
	uint64_t count = 0;

	while (*at != NULL && *at != first && count < moved) {
		struct task *task = *at;

		if (task->futex.address != from) {
			at = &task->futex.next;
			continue;
		}
		take(at)->futex.address = to;
		append(task);
		if (first == NULL)
			first = task;
		count++;
	}
	return woken + count;
}

static void leave(struct task *task)
{
	struct task **at = &futex_oldest;

	while (*at != task)
		at = &(*at)->futex.next;
	(void)take(at);
	task->futex.address = 0;
}

long futex_wait(uint64_t address, uint32_t bits, const struct timespec *deadline)
{
	struct task *self = task_self();
	long result = 0;

	self->futex.address = address;
	self->futex.bits = bits;
	append(self);
	while (result == 0 && self->futex.address != 0)
		result = wait_woken(deadline);
	/* A wake that came first counts, whatever else has come since. */
	if (self->futex.address == 0)
		return 0;
	leave(self);
	return result;
}
