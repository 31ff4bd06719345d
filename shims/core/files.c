/* SPDX-License-Identifier: Apache-2.0 */
#include "include/files.h"
#include "include/fs.h"
#include "include/limits.h"
#include "include/linux.h"
#include "include/platform.h"

struct descriptor files_table[FILES_MOST];

static void set(uint64_t fd, struct file *file, bool close_on_exec)
{
	files_table[fd].file = file_hold(file);
	files_table[fd].close_on_exec = close_on_exec;
}

void files_start(bool empty_stdin)
{
	for (int32_t fd = 0; fd < 3; fd++) {
		struct file *file = file_new(fd == 0 && empty_stdin ? FILE_EMPTY : FILE_STREAM, O_RDONLY);

		if (!file)
			keep_refuse(REASON_OUT_OF_MEMORY);
		file->handle = fd;
		(void)files_open(file, false);
	}
}

struct file *files_get(uint64_t fd)
{
	if (fd >= FILES_MOST || !files_table[fd].file)
		return NULL;
	return file_hold(files_table[fd].file);
}

long files_add(struct file *file, uint64_t least, bool close_on_exec)
{
	if (least >= limit_files())
		return -EINVAL;
	for (uint64_t fd = least; fd < limit_files(); fd++) {
		if (files_table[fd].file)
			continue;
		set(fd, file, close_on_exec);
		return (long)fd;
	}
	return -EMFILE;
}

long files_open(struct file *file, bool close_on_exec)
{
	long fd = files_add(file, 0, close_on_exec);

	(void)file_drop(file);
	return fd;
}

/* As in Linux: whichever descriptor of a file is closed, the process's locks of it are gone. */
static long release(struct file *file)
{
	if (fs_has_locks(file))
		fs_unlock_all(file, NULL);
	return file_drop(file);
}

long files_replace(uint64_t fd, struct file *file, bool close_on_exec)
{
	struct file *old;

	if (fd >= limit_files())
		return -EBADF;
	old = files_table[fd].file;
	set(fd, file, close_on_exec);
	if (old)
		(void)release(old); /* as Linux: its error is lost */
	return (long)fd;
}

long files_close(uint64_t fd)
{
	struct file *file = fd < FILES_MOST ? files_table[fd].file : NULL;

	if (!file)
		return -EBADF;
	files_table[fd].file = NULL;
	return release(file);
}

void files_exec(void)
{
	for (uint64_t fd = 0; fd < FILES_MOST; fd++)
		if (files_table[fd].file && files_table[fd].close_on_exec)
			(void)files_close(fd);
}

bool files_are_written(const struct fs_node *node)
{
	for (uint64_t fd = 0; fd < FILES_MOST; fd++) {
		const struct file *file = files_table[fd].file;

		if (file && file->kind == FILE_TREE && file->node == node && (file->flags & O_ACCMODE) != O_RDONLY)
			return true;
	}
	return false;
}

bool files_close_on_exec(uint64_t fd)
{
	return files_table[fd].close_on_exec;
}

void files_set_close_on_exec(uint64_t fd, bool on)
{
	files_table[fd].close_on_exec = on;
}
