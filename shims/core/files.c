/* SPDX-License-Identifier: Apache-2.0 */
#include "include/files.h"
#include "include/linux.h"

/* `handle` is one more than it is elsewhere, so that zero is a descriptor that is not open. */
static struct {
	int32_t handle;
	bool close_on_exec;
} table[FILES_MOST];

void files_start(bool empty_stdin)
{
	for (uint64_t fd = 0; fd < 3; fd++)
		files_set(fd, (int32_t)fd, false);
	if (empty_stdin)
		files_set(0, HANDLE_EMPTY, false);
}

int32_t files_handle(uint64_t fd)
{
	if (fd >= FILES_MOST || table[fd].handle == 0)
		return -EBADF;
	return table[fd].handle - 1;
}

long files_duplicate(int32_t handle, uint64_t least, bool close_on_exec)
{
	if (least >= FILES_MOST)
		return -EINVAL;
	for (uint64_t fd = least; fd < FILES_MOST; fd++) {
		if (table[fd].handle != 0)
			continue;
		files_set(fd, handle, close_on_exec);
		return (long)fd;
	}
	return -EMFILE;
}

void files_set(uint64_t fd, int32_t handle, bool close_on_exec)
{
	table[fd].handle = handle + 1;
	table[fd].close_on_exec = close_on_exec;
}

bool files_release(uint64_t fd)
{
	int32_t handle = table[fd].handle;

	table[fd].handle = 0;
	for (uint64_t other = 0; other < FILES_MOST; other++)
		if (table[other].handle == handle)
			return false;
	return true;
}

bool files_close_on_exec(uint64_t fd)
{
	return table[fd].close_on_exec;
}

void files_set_close_on_exec(uint64_t fd, bool on)
{
	table[fd].close_on_exec = on;
}
