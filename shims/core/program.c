/* SPDX-License-Identifier: Apache-2.0 */
#include "include/program.h"
#include "include/linux.h"
#include "include/memory.h"
#include "include/pages.h"
#include "include/platform.h"
#include "include/random.h"

/* As Linux's RLIMIT_STACK, or an eighth of a small heap. */
#define STACK_MOST (8ull << 20)

static uint64_t stack_pages(void)
{
	uint64_t eighth = (memory_heap_pages() + 7) / 8, most = STACK_MOST >> PAGE_SHIFT;

	return eighth < most ? eighth : most;
}

uint64_t program_room(void)
{
	return (stack_pages() << PAGE_SHIFT) / 4;
}

bool program_stack(struct stack *stack)
{
	uint64_t pages = stack_pages(), used = stack_bytes(&stack->size);
	uint64_t low = memory_find(pages + 1), top = low + ((pages + 1) << PAGE_SHIFT); /* with its guard */

	if (low == 0 || memory_map(low, pages + 1, PERM_R | PERM_W) || memory_protect(low, 1, 0))
		return false;
	/* 16 bytes more: landing_start() pushes below the stack pointer. */
	if (memory_touch(top - used - 16, used + 16, PERM_R | PERM_W))
		return false;
	stack_begin(stack, top);
	return true;
}

void program_auxiliary(struct stack *stack, const struct exec *exec, uint64_t name)
{
	static const char platform[] = "x86_64";
	uint8_t random[16];

	random_bytes(random, sizeof(random));
	stack_aux(stack, AT_PHDR, exec->phdr);
	stack_aux(stack, AT_PHENT, sizeof(struct elf64_phdr));
	stack_aux(stack, AT_PHNUM, exec->phnum);
	stack_aux(stack, AT_PAGESZ, PAGE_BYTES);
	stack_aux(stack, AT_BASE, 0);
	stack_aux(stack, AT_FLAGS, 0);
	stack_aux(stack, AT_ENTRY, exec->entry);
	stack_aux(stack, AT_UID, 0);
	stack_aux(stack, AT_EUID, 0);
	stack_aux(stack, AT_GID, 0);
	stack_aux(stack, AT_EGID, 0);
	stack_aux(stack, AT_SECURE, 0);
	stack_aux(stack, AT_CLKTCK, 100);
	stack_aux(stack, AT_HWCAP, platform_hwcap());
	stack_aux(stack, AT_HWCAP2, 0); /* no FSGSBASE */
	stack_aux(stack, AT_RANDOM, stack_blob(stack, random, sizeof(random)));
	stack_aux(stack, AT_PLATFORM, stack_blob(stack, platform, sizeof(platform)));
	stack_aux(stack, AT_EXECFN, name);
	stack_aux(stack, AT_MOTTE_ENTRY, platform_direct_entry());
	stack_aux(stack, AT_NULL, 0);
}
