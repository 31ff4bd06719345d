/* SPDX-License-Identifier: Apache-2.0 */
#include "include/mapping.h"
#include "include/linux.h"
#include "include/memory.h"
#include "include/pages.h"
#include "include/view.h"

#define S_IFMT 0170000
#define S_IFCHR 0020000
#define S_IFREG 0100000
#define RDEV_ZERO 0x105

static bool is_zero_device(struct file *file)
{
	struct stat stat;

	return file_stat(file, &stat) == 0 && (stat.mode & S_IFMT) == S_IFCHR && stat.rdev == RDEV_ZERO;
}

long mapping_check(struct file *file, unsigned prot, uint64_t flags)
{
	struct stat stat;
	long error = file_stat(file, &stat);

	if (error)
		return error;
	if ((file->flags & O_ACCMODE) == O_WRONLY)
		return -EACCES;
	if (is_zero_device(file))
		return 0;
	if ((stat.mode & S_IFMT) != S_IFREG || file->kind == FILE_STREAM)
		return -ENODEV;
	if ((flags & MAP_TYPE) != MAP_PRIVATE && (prot & PROT_WRITE) && (file->flags & O_ACCMODE) != O_RDWR)
		return -EACCES;
	return 0;
}

static long fill(struct file *file, uint64_t address, uint64_t length, uint64_t offset)
{
	while (length != 0) {
		long got = file_read(file, address, length, (int64_t)offset, true);

		if (got <= 0)
			return got; /* its end, or an error */
		address += (uint64_t)got;
		offset += (uint64_t)got;
		length -= (uint64_t)got;
	}
	return 0;
}

long mapping_of_file(struct file *file, uint64_t address, uint64_t pages, unsigned prot, bool shared, uint64_t offset)
{
	long error = memory_map(address, pages, PERM_R | PERM_W);

	if (!error && !is_zero_device(file)) {
		error = fill(file, address, pages << PAGE_SHIFT, offset);
		memory_mark_file(address, pages);
		if (!error && shared)
			error = view_add(file, address, pages, offset);
	}
	if (!error)
		error = memory_protect(address, pages, prot);
	if (error)
		(void)memory_unmap(address, pages);
	return error;
}
