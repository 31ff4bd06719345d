/* SPDX-License-Identifier: Apache-2.0 */
#include "include/task.h"
#include <stddef.h>
#include "include/platform.h"

static struct task *first;

struct task *task_first(void)
{
	return first;
}

struct task *task_find(uint64_t number)
{
	struct task *task = first;

	while (task != NULL && task->number != number)
		task = task->next;
	return task;
}

void task_boot(void)
{
	first = task_self();
	first->number = TASK_FIRST;
	signal_start(first, 0);
}
