/* SPDX-License-Identifier: Apache-2.0 */
/* mmap and its kin, for anonymous memory: Linux's rules and errors over memory.h. */
#include "../include/memory.h"
#include "../include/bytes.h"
#include "../include/linux.h"
#include "../include/platform.h"
#include "../include/syscall.h"

_Static_assert(PROT_READ == PERM_R && PROT_WRITE == PERM_W && PROT_EXEC == PERM_X, "PROT_ is PERM_");

static bool is_page(uint64_t address)
{
	return address % PAGE_BYTES == 0;
}

/* Pages of a length; 0 when the length is, or is more than there can be. */
static uint64_t pages_of(uint64_t length)
{
	return length > UINT64_MAX - PAGE_BYTES ? 0 : (length + PAGE_BYTES - 1) >> PAGE_SHIFT;
}

/* Where a mapping that does not insist goes: at its hint if that is free, else anywhere; 0 when there is no room. */
static uint64_t choose(uint64_t hint, uint64_t pages)
{
	if (hint != 0 && is_page(hint) && memory_is_ours(hint, pages) && memory_is_free(hint, pages))
		return hint;
	return memory_find(pages);
}

static long map_at(uint64_t address, uint64_t pages, unsigned prot, uint64_t flags)
{
	if (!memory_is_ours(address, pages))
		return -ENOMEM;
	if (!memory_is_free(address, pages)) {
		long error;

		if (flags & MAP_FIXED_NOREPLACE)
			return -EEXIST;
		error = memory_unmap(address, pages);
		if (error)
			return error;
	}
	return memory_map(address, pages, prot);
}

long sys_mmap(const struct syscall_frame *frame)
{
	uint64_t address = frame->arg[0], flags = frame->arg[3];
	uint64_t pages = pages_of(frame->arg[1]);
	uint64_t prot = frame->arg[2], type = flags & MAP_TYPE;
	long error;

	if (frame->arg[1] == 0 || !is_page(frame->arg[5]) || type < MAP_SHARED || type > MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (pages == 0 || (flags & MAP_HUGETLB))
		return -ENOMEM;
	if (!(flags & MAP_ANONYMOUS))
		return -ENODEV; /* no descriptor here can be mapped */
	if ((prot & PROT_WRITE) && (prot & PROT_EXEC))
		return -EACCES;
	if ((prot & PROT_EXEC) && !platform_late_code())
		return -EACCES;
	prot &= PERM_MASK;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (!is_page(address))
			return -EINVAL;
		error = map_at(address, pages, (unsigned)prot, flags);
	} else {
		address = choose(address, pages);
		if (address == 0)
			return -ENOMEM;
		error = memory_map(address, pages, (unsigned)prot);
	}
	if (!error && (flags & MAP_POPULATE) && (prot & PROT_READ))
		error = memory_touch(address, pages << PAGE_SHIFT, PERM_R);
	return error ? error : (long)address;
}

long sys_munmap(const struct syscall_frame *frame)
{
	uint64_t address = frame->arg[0], pages = pages_of(frame->arg[1]);

	if (!is_page(address) || pages == 0 || !memory_is_ours(address, pages))
		return -EINVAL;
	return memory_unmap(address, pages);
}

long sys_mprotect(const struct syscall_frame *frame)
{
	uint64_t address = frame->arg[0], length = frame->arg[1], prot = frame->arg[2];

	if (!is_page(address) || (prot & ~(uint64_t)PERM_MASK))
		return -EINVAL; /* PROT_GROWSDOWN too: no mapping here grows */
	if (length == 0)
		return 0;
	if (pages_of(length) == 0 || !memory_is_ours(address, pages_of(length)))
		return -ENOMEM;
	return memory_protect(address, pages_of(length), (unsigned)prot);
}

long sys_brk(const struct syscall_frame *frame)
{
	return (long)memory_brk(frame->arg[0]);
}

/* Moves what was accepted; what was not is zero in the new place as well. */
static long move(uint64_t from, uint64_t old, uint64_t pages, uint64_t to)
{
	long error = memory_map(to, pages, PERM_R | PERM_W);

	if (error)
		return error;
	memory_copy(to, from, old < pages ? old : pages);
	error = memory_unmap(from, old);
	return error ? error : (long)to;
}

long sys_mremap(const struct syscall_frame *frame)
{
	uint64_t address = frame->arg[0], flags = frame->arg[3], to;
	uint64_t old = pages_of(frame->arg[1]), pages = pages_of(frame->arg[2]);

	if (!is_page(address) || pages == 0 || old == 0 || (flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED)))
		return -EINVAL; /* MREMAP_DONTUNMAP, and copies of shared mappings, too */
	if ((flags & MREMAP_FIXED) && (!(flags & MREMAP_MAYMOVE) || !is_page(frame->arg[4])))
		return -EINVAL;
	/* As Linux, one mapping of one kind: here, memory that can be read and written throughout. */
	if (!memory_is_ours(address, old) || !memory_is(address, old, PERM_R | PERM_W))
		return -EFAULT;
	if (flags & MREMAP_FIXED) {
		uint64_t end = frame->arg[4] + (pages << PAGE_SHIFT);
		long error;

		to = frame->arg[4];
		if (to < address + (old << PAGE_SHIFT) && address < end)
			return -EINVAL;
		if (!memory_is_ours(to, pages))
			return -ENOMEM;
		error = memory_unmap(to, pages);
		return error ? error : move(address, old, pages, to);
	}
	if (pages <= old) {
		long error = memory_unmap(address + (pages << PAGE_SHIFT), old - pages);

		return error ? error : (long)address;
	}
	to = address + (old << PAGE_SHIFT);
	if (memory_is_ours(to, pages - old) && memory_is_free(to, pages - old)) {
		long error = memory_map(to, pages - old, PERM_R | PERM_W);

		return error ? error : (long)address;
	}
	to = flags & MREMAP_MAYMOVE ? memory_find(pages) : 0;
	return to == 0 ? -ENOMEM : move(address, old, pages, to);
}

long sys_madvise(const struct syscall_frame *frame)
{
	uint64_t address = frame->arg[0], length = frame->arg[1];

	if (!is_page(address))
		return -EINVAL;
	if (length == 0)
		return 0;
	if (pages_of(length) == 0 || !memory_is_ours(address, pages_of(length)))
		return -ENOMEM;
	switch (frame->arg[2]) {
	case MADV_DONTNEED:
		return memory_discard(address, pages_of(length));
	case 0 ... 3:   /* NORMAL, RANDOM, SEQUENTIAL, WILLNEED: advice */
	case MADV_FREE: /* and this promises nothing about when */
	case 14 ... 17: /* HUGEPAGE, NOHUGEPAGE, DONTDUMP, DODUMP */
		return memory_is_mapped(address, pages_of(length)) ? 0 : -ENOMEM;
	default:
		return -EINVAL;
	}
}
