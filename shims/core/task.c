/* SPDX-License-Identifier: Apache-2.0 */
#include "include/task.h"
#include <stddef.h>
#include "include/bytes.h"
#include "include/platform.h"
#include "shim_config.h"

static struct task *first;
static uint64_t most;

struct task *task_first(void)
{
	return first;
}

struct task *task_find(uint64_t number)
{
	struct task *task = number == 0 ? task_self() : first;

	while (number != 0 && task != NULL && task->number != number)
		task = task->next;
	return task;
}

uint64_t task_most(void)
{
	return most;
}

void task_boot(uint64_t threads)
{
	most = threads < SHIM_THREADS + 1 ? threads : SHIM_THREADS + 1;
	first = task_self();
	first->number = TASK_FIRST;
	signal_start(first, 0);
}

void task_name(const char *path)
{
	const char *name = path;

	for (; *path != '\0'; path++)
		if (*path == '/')
			name = path + 1;
	memset(first->name, 0, TASK_NAME);
	for (size_t i = 0; i < TASK_NAME - 1 && name[i] != '\0'; i++)
		first->name[i] = name[i];
}

bool task_remove(struct task *task)
{
	struct task **at = &first;

	if (first == task && task->next == NULL)
		return false;
	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	return true;
}
