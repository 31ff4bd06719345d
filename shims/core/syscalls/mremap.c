/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mremap: Linux's rules and errors, in its order. What Linux calls one mapping is here a range of pages that are
 * alike: neighbours with the same permissions are merged there as well.
 */
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/pages.h"
#include "../include/syscall.h"
#include "../include/view.h"

struct remap {
	uint64_t from;
	uint64_t old; /* pages */
	uint64_t pages;
	uint64_t flags;
	uint64_t to;
};

/* Whether the old pages can be given another place or size. */
static long check_old(const struct remap *r)
{
	uint64_t end = r->from + (r->old << PAGE_SHIFT), part;
	uint8_t state;

	if (!memory_is_mapped(r->from, 1))
		return -EFAULT;
	if (r->old == 0)
		return -EINVAL; /* a second view of shared memory: there is one of each page */
	if (!is_user_range(r->from, r->old << PAGE_SHIFT) || !memory_is_alike(r->from, r->old))
		return -EFAULT;
	if (view_is_there(r->from, r->old))
		return -EINVAL; /* a view stays where it is */
	for (uint64_t at = r->from; at < end; at += part << PAGE_SHIFT) {
		part = memory_run(at, (end - at) >> PAGE_SHIFT, &state);
		if ((state & PAGE_IMAGE) && !platform_lazy())
			return -EINVAL; /* SGX1: the plan's pages stay where they are */
	}
	return 0;
}

/* Whether there is memory for what the mapping grows by, and for what stays where it was. */
static bool has_room(const struct remap *r)
{
	uint64_t more = r->pages > r->old ? r->pages - r->old : 0;
	uint8_t state;

	(void)memory_run(r->from, 1, &state);
	if (r->flags & MREMAP_DONTUNMAP)
		more += r->old;
	return !(state & PERM_MASK) || more <= memory_spare_pages();
}

/* Pages beyond the old ones, with the same permissions. */
static void extend(uint64_t after, uint64_t at, uint64_t pages)
{
	uint8_t state;

	(void)memory_run(after, 1, &state);
	(void)memory_map(at, pages, state & PERM_MASK);
}

static long move(const struct remap *r, uint64_t to)
{
	uint64_t both = r->old < r->pages ? r->old : r->pages;

	memory_move(r->from, both, to, r->flags & MREMAP_DONTUNMAP);
	if (r->pages > both)
		extend(to, to + (both << PAGE_SHIFT), r->pages - both);
	return (long)to;
}

/* MREMAP_FIXED and MREMAP_DONTUNMAP: another place in any case. */
static long remap_to(struct remap *r)
{
	bool fixed = r->flags & MREMAP_FIXED;
	uint64_t length = r->pages << PAGE_SHIFT, to = r->to;
	long error;

	if (fixed && (!is_page(to) || !is_user_range(to, length)))
		return -EINVAL;
	if (fixed && to < r->from + (r->old << PAGE_SHIFT) && r->from < to + length)
		return -EINVAL;
	/* Before anything is unmapped, where Linux looks after it: a program cannot tell, but for what it had there. */
	error = check_old(r);
	if (error)
		return error;
	if (!has_room(r))
		return -ENOMEM;
	if (!fixed) {
		to = is_page(to) && memory_is_ours(to, r->pages) && memory_is_free(to, r->pages) ? to : memory_find(r->pages);
		return to == 0 ? -ENOMEM : move(r, to);
	}
	if (!memory_is_ours(to, r->pages))
		return -ENOMEM;
	view_remove(to, r->pages);
	error = memory_unmap(to, r->pages);
	if (!error && r->old > r->pages)
		error = memory_unmap(r->from + length, r->old - r->pages);
	return error ? error : move(r, to);
}

long sys_mremap(const struct syscall_frame *frame)
{
	struct remap r = { frame->arg[0], pages_of(frame->arg[1]), pages_of(frame->arg[2]), frame->arg[3], frame->arg[4] };
	bool may_move = r.flags & MREMAP_MAYMOVE;
	uint64_t end;
	long error;

	if (r.flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((r.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !may_move)
		return -EINVAL;
	if ((r.flags & MREMAP_DONTUNMAP) && frame->arg[1] != frame->arg[2])
		return -EINVAL;
	if (!is_page(r.from) || r.pages == 0 || frame->arg[1] > USER_END)
		return -EINVAL;
	if (!memory_is_mapped(r.from, 1))
		return -EFAULT;
	if (r.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return remap_to(&r);
	end = r.from + (r.old << PAGE_SHIFT);
	if (r.pages <= r.old) {
		view_remove(r.from + (r.pages << PAGE_SHIFT), r.old - r.pages);
		error = memory_unmap(r.from + (r.pages << PAGE_SHIFT), r.old - r.pages);
		return error ? error : (long)r.from;
	}
	error = check_old(&r);
	if (error)
		return error;
	if (!has_room(&r))
		return -ENOMEM;
	if (memory_is_ours(end, r.pages - r.old) && memory_is_free(end, r.pages - r.old)) {
		extend(r.from, end, r.pages - r.old);
		return (long)r.from;
	}
	r.to = may_move ? memory_find(r.pages) : 0;
	return r.to == 0 ? -ENOMEM : move(&r, r.to);
}
