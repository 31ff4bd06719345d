/* SPDX-License-Identifier: Apache-2.0 */
/* The start of vCPU 0: the Keep's boot. */
#include "include/paging.h"
#include "include/pvm.h"
#include "include/tee.h"
#include "../core/include/boot.h"
#include "../core/include/memory.h"
#include "../core/include/platform.h"
#include "../core/include/random.h"
#include "../core/include/relocate.h"

_Noreturn void boot_first_entry(struct vcpu *vcpu);

/* SMAP; in ring 3 the same flag would forbid what is not aligned. */
static void allow_user(void)
{
	if (pvm_host)
		return;
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
	tee_check();
	relocate_self();
	tables_make();
	if (!pvm_host)
		tables_load(vcpu);
	block_take(vcpu);
	tee_start(vcpu);
	tee_boot();
	allow_user();
	random_start();
	random_bytes(&canary, sizeof(canary));
	platform_set_canary(canary & ~0xffull); /* a string that runs over ends before it */
	guest_start();
	memory_start(keep_base() + info->exec_start, keep_base() + info->heap_start, keep_base() + info->heap_end,
		     info->memory / PAGE_SIZE, info->vcpu_count);
	exec = (struct exec){
		.entry = keep_base() + info->exec_entry,
		.phdr = keep_base() + info->exec_phdr,
		.phnum = info->exec_phnum,
		.heap = info->memory,
		.threads = info->vcpu_count,
	};
	boot_adopt(&exec, (struct span){ keep_base() + info->exec_start, keep_base() + info->exec_end });
	platform_start(exec.entry, boot_exec(&exec));
}
