/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that come and go: which thread of the Keep has one, and what becomes of it in between. */
#include <stddef.h>
#include "include/bytes.h"
#include "include/lock.h"
#include "include/memory.h"
#include "include/platform.h"
#include "include/robust.h"
#include "include/task.h"
#include "include/wait.h"

/* FUTEX_TID_MASK has room for more, but Linux itself goes no further (PID_MAX_LIMIT). */
#define NUMBER_MOST 0x400000u

static struct task *ended;   /* whose threads wait for another task */
static uint64_t started = 1; /* threads that have been entered, or shall be */
static uint32_t latest = TASK_FIRST;

/* As Linux: the next one that is not in use, so that a number is not soon somebody else's. */
static uint32_t new_number(void)
{
	do
		latest = latest >= NUMBER_MOST ? TASK_FIRST + 1 : latest + 1;
	while (task_find(latest) != NULL);
	return latest;
}

struct task *task_new(void)
{
	struct task *task = ended;

	if (task != NULL) {
		ended = task->next;
	} else {
		if (started == task_most())
			return NULL;
		task = platform_thread_make(started);
		task->index = (uint32_t)started++;
	}
	task->number = new_number();
	task->clear_at = task->robust = 0;
	task->death_signal = 0;
	task->nice = task_self()->nice;
	memcpy(task->name, task_self()->name, sizeof(task->name));
	task->ending = false;
	task->next = NULL;
	return task;
}

void task_put(struct task *task)
{
	task->number = 0;
	task->next = ended;
	ended = task;
}

void task_add(struct task *task)
{
	struct task *last = task_first();

	while (last->next != NULL)
		last = last->next;
	last->next = task;
}

/* Until clone() has a task for this thread. What the host wakes it for meanwhile is nothing. */
static _Noreturn void wait_for_task(struct task *self)
{
	platform_thread_idle();
	while (self->number == 0)
		wait_idle();
	core_unlock();
	platform_thread_begin();
}

void task_end(uint32_t status)
{
	struct task *self = task_self();

	robust_end(self);
	if (!task_remove(self))
		keep_end(status);
	signal_end(self);
	task_put(self);
	if (self->ending && task_first()->next == NULL)
		wait_wake(task_first()); /* which waits for that */
	wait_for_task(self);
}

/* It was removed already, and whatever its system call held stays held: there is no way back into that call. */
void task_end_removed(void)
{
	struct task *self = task_self();

	task_put(self);
	wait_for_task(self);
}

/*
 * One that sleeps wakes with -EINTR and leaves its system call as ever. One that is in a host call without an end cannot be
 * told: it is removed here, and finds that out when it comes back. One that computes faults at its next instruction, since
 * no page of the program is executable any more, and the exception sends it into the shim. A host that holds one back
 * holds back the new program, too: its registers must never meet that.
 */
void task_end_others(void)
{
	struct task *self = task_self(), *next;

	for (struct task *task = task_first(); task != NULL; task = next) {
		next = task->next;
		if (task == self)
			continue;
		task->ending = true;
		if (task->outside) {
			(void)task_remove(task);
			signal_end(task);
		} else {
			wait_wake(task);
		}
	}
	if (task_first() != self || self->next != NULL)
		memory_stop_code();
	while (task_first() != self || self->next != NULL)
		wait_idle();
	self->number = TASK_FIRST;
	self->clear_at = self->robust = 0;
}
