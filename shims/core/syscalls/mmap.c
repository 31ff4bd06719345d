/* SPDX-License-Identifier: Apache-2.0 */
/* mmap and munmap: Linux's rules and errors, in the order in which it looks. */
#include "../include/files.h"
#include "../include/linux.h"
#include "../include/mapping.h"
#include "../include/memory.h"
#include "../include/pages.h"
#include "../include/platform.h"
#include "../include/syscall.h"
#include "../include/view.h"

_Static_assert(PROT_READ == PERM_R && PROT_WRITE == PERM_W && PROT_EXEC == PERM_X, "PROT_ is PERM_");

/* Where a mapping that does not insist goes: at its hint if that is free, else anywhere; 0 when there is no room. */
static uint64_t choose(uint64_t hint, uint64_t pages)
{
	hint &= ~(PAGE_BYTES - 1);
	if (hint != 0 && memory_is_ours(hint, pages) && memory_is_free(hint, pages))
		return hint;
	return memory_find(pages);
}

/* Makes room at an address, or finds some: the address, or an error. */
static long make_room(uint64_t address, uint64_t pages, uint64_t flags)
{
	long error;

	if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
		/* Nothing here is below 2 GiB. */
		address = flags & MAP_32BIT ? 0 : choose(address, pages);
		return address == 0 ? -ENOMEM : (long)address;
	}
	if (!is_page(address))
		return -EINVAL;
	if (!memory_is_ours(address, pages))
		return -ENOMEM;
	if ((flags & MAP_FIXED_NOREPLACE) && !memory_is_free(address, pages))
		return -EEXIST;
	view_remove(address, pages);
	error = memory_unmap(address, pages);
	return error ? error : (long)address;
}

/* Errors that do not depend on where it goes, nor on a file. */
static long check(const struct syscall_frame *frame, bool anonymous)
{
	uint64_t prot = frame->arg[2], flags = frame->arg[3], type = flags & MAP_TYPE, end;
	uint64_t most = anonymous ? MAP_SHARED : MAP_SHARED_VALIDATE;

	if (frame->arg[1] == 0)
		return -EINVAL;
	if (pages_of(frame->arg[1]) == 0 || frame->arg[1] > USER_END)
		return -ENOMEM;
	if (!anonymous && (__builtin_add_overflow(frame->arg[5], frame->arg[1], &end) || end > INT64_MAX))
		return -EOVERFLOW;
	if (type != MAP_PRIVATE && (type < MAP_SHARED || type > most || (flags & MAP_GROWSDOWN)))
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (flags & ~MAP_LEGACY))
		return -EOPNOTSUPP;
	if (flags & MAP_HUGETLB)
		return anonymous ? -ENOMEM : -EINVAL; /* as where no huge pages were set aside */
	if ((prot & PROT_WRITE) && (prot & PROT_EXEC))
		return -EACCES;
	return (prot & PROT_EXEC) && !platform_late_code() ? -EACCES : 0;
}

/*
 * MAP_SHARED of anonymous memory is the same as MAP_PRIVATE: nobody else is there to share it with. MAP_NORESERVE and
 * MAP_STACK are advice; a MAP_GROWSDOWN mapping does not grow.
 */
static long map(const struct syscall_frame *frame, struct file *file)
{
	uint64_t pages = pages_of(frame->arg[1]), flags = frame->arg[3];
	unsigned prot = frame->arg[2] & PERM_MASK;
	long error = check(frame, file == NULL), address;

	if (!error && file)
		error = mapping_check(file, prot, flags);
	if (error)
		return error;
	address = make_room(frame->arg[0], pages, flags);
	if (address < 0)
		return address;
	if (file)
		error = mapping_of_file(file, (uint64_t)address, pages, prot, (flags & MAP_TYPE) != MAP_PRIVATE,
					frame->arg[5]);
	else
		error = memory_map((uint64_t)address, pages, prot);
	if (!error && (flags & (MAP_POPULATE | MAP_LOCKED)) && prot)
		(void)memory_populate((uint64_t)address, pages, PERM_R);
	return error ? error : address;
}

long sys_mmap(const struct syscall_frame *frame)
{
	struct file *file = NULL;
	long result;

	if (!is_page(frame->arg[5]))
		return -EINVAL;
	if (!(frame->arg[3] & MAP_ANONYMOUS)) {
		file = files_get(frame->arg[4]);
		if (!file)
			return -EBADF;
	}
	result = map(frame, file);
	if (file)
		(void)file_drop(file);
	return result;
}

/* Where nothing is mapped there is nothing to do, and that is a success. */
long sys_munmap(const struct syscall_frame *frame)
{
	uint64_t address = frame->arg[0], length = frame->arg[1];

	if (!is_page(address) || length == 0 || address > USER_END || length > USER_END - address)
		return -EINVAL;
	view_remove(address, pages_of(length));
	return memory_unmap(address, pages_of(length));
}
