/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/self/fd and /proc/self/task: directories of numbers, which come and go. */
#include "../include/files.h"
#include "../include/proc.h"
#include "../include/task.h"

/* The number that a name is, written as such; false when it is none. */
static bool number_of(const char *name, size_t length, uint64_t *number)
{
	*number = 0;
	if (length == 0 || length > 9 || (name[0] == '0' && length > 1))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		*number = *number * 10 + (uint64_t)(name[i] - '0');
	}
	return true;
}

static bool is_open(uint64_t fd)
{
	struct file *file = files_get(fd);

	if (file)
		(void)file_drop(file);
	return file != NULL;
}

/* The link of a descriptor is made when somebody asks for it first, and is kept for the next. */
struct fs_node *proc_number(struct fs_node *directory, const char *name, size_t length)
{
	struct fs_entry *entry;
	struct fs_node *node;
	uint64_t number;

	if (!number_of(name, length, &number))
		return NULL;
	if (directory->kind == FS_TASKS) /* a thread has nothing that the process does not have */
		return number != 0 && task_find(number) ? directory->names->directory : NULL;
	if (!is_open(number))
		return NULL;
	entry = name_find(directory, name, length);
	if (entry)
		return entry->node;
	node = node_make(FS_MAGIC, 0700);
	if (!node)
		return NULL;
	node->fd = (uint32_t)number;
	if (name_add(directory, name, length, node)) {
		node_drop(node);
		return NULL;
	}
	node_drop(node);
	return node;
}

bool proc_next(const struct fs_node *directory, uint64_t *number)
{
	uint64_t end = FILES_MOST;

	if (directory->kind == FS_TASKS) {
		end = 0;
		if (*number < TASK_FIRST)
			*number = TASK_FIRST; /* to task_find() 0 is the caller */
		for (const struct task *task = task_first(); task; task = task->next)
			if (task->number >= end)
				end = task->number + 1;
	}
	while (*number < end && !(directory->kind == FS_TASKS ? task_find(*number) != NULL : is_open(*number)))
		++*number;
	return *number < end;
}
