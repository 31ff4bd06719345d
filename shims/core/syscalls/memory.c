/* SPDX-License-Identifier: Apache-2.0 */
/* What changes or asks about memory that is mapped: Linux's rules and errors, in its order, over memory.h. */
#include "../include/memory.h"
#include "../include/bytes.h"
#include "../include/linux.h"
#include "../include/pages.h"
#include "../include/syscall.h"
#include "../include/view.h"

long sys_mprotect(const struct syscall_frame *frame)
{
	uint64_t address = frame->arg[0], length = frame->arg[1], prot = frame->arg[2];

	/* PROT_GROWSDOWN and PROT_GROWSUP too: no mapping here grows. */
	if (!is_page(address) || (prot & (PROT_GROWSDOWN | PROT_GROWSUP)))
		return -EINVAL;
	if (length == 0)
		return 0;
	if (!is_user_range(address, length))
		return -ENOMEM;
	if (prot & ~(uint64_t)(PERM_MASK | PROT_SEM))
		return -EINVAL;
	if ((prot & PROT_WRITE) && view_is_read_only(address, pages_of(length)))
		return -EACCES;
	if (!(prot & PROT_READ))
		(void)view_sync(address, pages_of(length)); /* while it can be read */
	return memory_protect(address, pages_of(length), prot & PERM_MASK);
}

long sys_brk(const struct syscall_frame *frame)
{
	return (long)memory_brk(frame->arg[0]);
}

/* Whether there is such advice; what it asks for beyond DONTNEED and POPULATE is the kernel's own affair. */
static bool is_advice(uint64_t advice)
{
	switch (advice) {
	case 0 ... 4:   /* NORMAL, RANDOM, SEQUENTIAL, WILLNEED, DONTNEED */
	case 8:         /* FREE */
	case 10 ... 25: /* DONTFORK to COLLAPSE; POPULATE among them */
		return true;
	default:
		return false; /* REMOVE too: no mapping here is of a file that others see */
	}
}

static long advise(uint64_t address, uint64_t pages, uint64_t advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		return memory_discard(address, pages);
	case MADV_POPULATE_READ:
		return memory_populate(address, pages, PERM_R);
	case MADV_POPULATE_WRITE:
		return memory_populate(address, pages, PERM_W);
	default:
		return memory_is_mapped(address, pages) ? 0 : -ENOMEM;
	}
}

long sys_madvise(const struct syscall_frame *frame)
{
	uint64_t address = frame->arg[0], length = frame->arg[1];

	if (!is_advice(frame->arg[2]) || !is_page(address))
		return -EINVAL;
	if (length == 0)
		return 0;
	if (pages_of(length) == 0 || address + (pages_of(length) << PAGE_SHIFT) < address)
		return -EINVAL;
	if (!is_user_range(address, length))
		return -ENOMEM;
	return advise(address, pages_of(length), frame->arg[2]);
}

/* A page that is in the Keep is in core: whether the host swaps it out, encrypted, nobody here can know. */
long sys_mincore(const struct syscall_frame *frame)
{
	uint64_t address = frame->arg[0], length = frame->arg[1];
	uint64_t pages = pages_of(length), to = frame->arg[2], part;
	uint8_t state;

	if (!is_page(address))
		return -EINVAL;
	if (length == 0)
		return 0;
	if (!is_user_range(address, length))
		return -ENOMEM;
	for (uint64_t i = 0; i < pages; i += part) {
		part = memory_run(address + (i << PAGE_SHIFT), pages - i, &state);
		if (!(state & PAGE_MAPPED))
			return -ENOMEM;
		if (memory_touch(to + i, part, PERM_R | PERM_W))
			return -EFAULT;
		memset((void *)(to + i), state & PAGE_ACCEPTED ? 1 : 0, part);
	}
	return 0;
}

/* Pages of a Keep leave it encrypted or not at all, which is what locking is for; so it only brings them in. */
static long lock(uint64_t address, uint64_t length, bool bring_in)
{
	uint64_t end;

	length += address % PAGE_BYTES;
	address -= address % PAGE_BYTES;
	if (__builtin_add_overflow(address, pages_of(length) << PAGE_SHIFT, &end))
		return -EINVAL;
	if (length == 0)
		return 0;
	if (!is_user_range(address, length) || !memory_is_mapped(address, pages_of(length)))
		return -ENOMEM;
	if (bring_in && memory_populate(address, pages_of(length), PERM_R))
		return -ENOMEM; /* some of it permits nothing */
	return 0;
}

long sys_mlock(const struct syscall_frame *frame)
{
	return lock(frame->arg[0], frame->arg[1], true);
}

long sys_mlock2(const struct syscall_frame *frame)
{
	if (frame->arg[2] & ~(uint64_t)MLOCK_ONFAULT)
		return -EINVAL;
	return lock(frame->arg[0], frame->arg[1], !(frame->arg[2] & MLOCK_ONFAULT));
}

long sys_munlock(const struct syscall_frame *frame)
{
	return lock(frame->arg[0], frame->arg[1], false);
}

long sys_mlockall(const struct syscall_frame *frame)
{
	uint64_t flags = frame->arg[0];

	if (flags == 0 || flags == MCL_ONFAULT || (flags & ~(uint64_t)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
		return -EINVAL;
	return 0;
}

long sys_munlockall(const struct syscall_frame *frame)
{
	(void)frame;
	return 0;
}

long sys_msync(const struct syscall_frame *frame)
{
	uint64_t address = frame->arg[0], length = frame->arg[1], flags = frame->arg[2];

	if ((flags & ~(uint64_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || !is_page(address))
		return -EINVAL;
	if ((flags & MS_ASYNC) && (flags & MS_SYNC))
		return -EINVAL;
	if (length == 0)
		return 0;
	if (pages_of(length) == 0 || !is_user_range(address, length))
		return -ENOMEM;
	if (!memory_is_mapped(address, pages_of(length)))
		return -ENOMEM;
	return view_sync(address, pages_of(length));
}
