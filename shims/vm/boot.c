/* SPDX-License-Identifier: Apache-2.0 */
/* The start of vCPU 0: the Keep's boot. */
#include "include/paging.h"
#include "include/vm_keep.h"
#include "../core/include/boot.h"
#include "../core/include/linux.h"
#include "../core/include/memory.h"
#include "../core/include/platform.h"
#include "../core/include/random.h"
#include "../core/include/relocate.h"

_Noreturn void boot_first_entry(struct vcpu *vcpu);

static unsigned perms_of(uint32_t flags)
{
	return (flags & PF_R ? PERM_R : 0) | (flags & PF_W ? PERM_W : 0) | (flags & PF_X ? PERM_X : 0);
}

/* Enters the application's segments into the ledger, from its measured program headers. */
static void adopt_segments(const struct vm_info *info)
{
	const struct elf64_phdr *phdr = (const struct elf64_phdr *)(keep_base() + info->exec_phdr);
	uint64_t room = info->exec_end - info->exec_start;

	for (uint64_t i = 0; i < info->exec_phnum; i++) {
		uint64_t first, end;

		if (phdr[i].p_type != PT_LOAD || phdr[i].p_memsz == 0)
			continue;
		if (__builtin_add_overflow(phdr[i].p_vaddr, phdr[i].p_memsz, &end) || end > room)
			keep_refuse(REASON_KEEP_INFO);
		first = phdr[i].p_vaddr >> PAGE_SHIFT;
		end = (end + PAGE_BYTES - 1) >> PAGE_SHIFT;
		memory_adopt(keep_base() + info->exec_start + (first << PAGE_SHIFT), end - first, perms_of(phdr[i].p_flags));
	}
}

static void allow_user(void)
{
	__asm__ volatile("pushq %0\n\tpopfq" : : "i"(RFLAGS_FIXED | RFLAGS_AC) : "cc", "memory");
}

/* Runs before the stack protector has its canary, so it must not be protected itself. */
__attribute__((no_stack_protector)) void boot_first_entry(struct vcpu *vcpu)
{
	const struct vm_info *info = vm_info();
	struct exec exec;
	uint64_t canary;

	vm_info_check();
	if (vcpu != vcpu_at(0))
		keep_refuse(REASON_ENTRY_STATE);
	relocate_self();
	tables_make();
	tables_load(vcpu);
	block_take(vcpu);
	allow_user();
	random_start();
	random_bytes(&canary, sizeof(canary));
	platform_set_canary(canary & ~0xffull); /* a string that runs over ends before it */
	guest_start();
	memory_start(keep_base() + info->exec_start, keep_base() + info->heap_start, keep_base() + info->heap_end,
		     info->memory / PAGE_SIZE, info->vcpu_count);
	adopt_segments(info);
	exec = (struct exec){
		.entry = keep_base() + info->exec_entry,
		.phdr = keep_base() + info->exec_phdr,
		.phnum = info->exec_phnum,
		.heap = info->memory,
		.threads = info->vcpu_count,
	};
	platform_start(exec.entry, boot_exec(&exec));
}
