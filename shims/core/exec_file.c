/* SPDX-License-Identifier: Apache-2.0 */
/* What execve asks of a file before it looks at what is in it, and how it looks. */
#include "generated/config.h"
#include "include/bytes.h"
#include "include/exec.h"
#include "include/files.h"
#include "include/fs_node.h"
#include "include/memory.h"
#include "include/pages.h"
#include "include/platform.h"

static uint32_t permitted;

void exec_start(uint32_t flags)
{
	permitted = flags;
}

/* Open for writing. A file of memfd_create() is run while it is, as everywhere. */
static bool is_busy(const struct file *file)
{
	return file->kind == FILE_TREE && file->node->names && files_are_written(file->node);
}

/* What the configuration does not permit is as on a file system that is mounted noexec. */
long exec_check(struct file *file)
{
	uint32_t need = file->kind == FILE_TREE ? CONFIG_FLAG_EXEC_KEEP : CONFIG_FLAG_EXEC_GRANTED;
	struct stat stat;
	long error = file_stat(file, &stat);

	if (error)
		return error;
	if ((stat.mode & S_IFMT) != S_IFREG || !(stat.mode & 0111) || !(permitted & need) || !platform_late_code())
		return -EACCES;
	return is_busy(file) ? -ETXTBSY : 0;
}

/*
 * Files are read to the application's memory alone, so through a page of it. Another task may write there: what counts is
 * the copy, and whoever can do that could have written other bytes to the file.
 */
long exec_get(struct file *file, void *to, uint64_t length, uint64_t at)
{
	uint64_t pages = pages_of(length), window = memory_find(pages);
	long got;

	if (at > INT64_MAX - length)
		return 0;
	if (window == 0 || memory_map(window, pages, PERM_R | PERM_W))
		return -ENOMEM;
	got = file_read(file, window, length, (int64_t)at, true);
	if (got > 0)
		memcpy(to, (const void *)window, (size_t)got);
	(void)memory_unmap(window, pages);
	return got;
}
