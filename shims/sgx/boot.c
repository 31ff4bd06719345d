/* SPDX-License-Identifier: Apache-2.0 */
/* The first entry of a thread: of the first thread, the Keep's boot. */
#include "include/sgx_keep.h"
#include "../core/include/boot.h"
#include "../core/include/memory.h"
#include "../core/include/platform.h"
#include "../core/include/random.h"
#include "../core/include/relocate.h"

_Noreturn void boot_first_entry(struct thread *thread, uint64_t block, uint64_t size);

uint64_t thread_blocks;

/* Two threads with one block would answer each other's calls. */
static bool is_taken(const struct thread *thread, uint64_t block)
{
	for (uint64_t i = 0; i < __atomic_load_n(&thread_blocks, __ATOMIC_ACQUIRE); i++) {
		const struct thread *other = thread_at(i);
		uint64_t theirs = (uint64_t)other->call.block;

		if (other != thread && theirs != 0 && block < theirs + HOSTCALL_BLOCK_SIZE && theirs < block + HOSTCALL_BLOCK_SIZE)
			return true;
	}
	return false;
}

void block_take(struct thread *thread, uint64_t block, uint64_t size)
{
	struct span keep = platform_keep();
	uint64_t end;

	if (size != HOSTCALL_BLOCK_SIZE || block % PAGE_SIZE != 0 || __builtin_add_overflow(block, size, &end))
		keep_refuse(REASON_BOOT_BLOCK);
	if ((block < keep.end && end > keep.start) || is_taken(thread, block))
		keep_refuse(REASON_BOOT_BLOCK);
	thread->call.block = (struct hostcall_block *)block;
}

/* Runs before the stack protector has its canary, so it must not be protected itself. */
__attribute__((no_stack_protector)) void boot_first_entry(struct thread *thread, uint64_t block, uint64_t size)
{
	const struct keep_info *info = keep_info();
	struct exec exec;
	uint64_t canary;

	keep_info_check();
	/* Another thread is fresh until clone() asks for it. Nothing was done for it, while the first one may be anywhere. */
	if (thread != thread_at(0))
		keep_refuse(REASON_ENTRY_STATE);
	relocate_self();
	thread_blocks = platform_lazy() ? 1 : info->thread_count;
	block_take(thread, block, size);
	random_start();
	random_bytes(&canary, sizeof(canary));
	platform_set_canary(canary & ~0xffull); /* a string that runs over ends before it */
	report_check();
	memory_start(keep_base() + info->exec_start, keep_base() + info->heap_start, keep_base() + info->heap_end,
		     info->memory / PAGE_SIZE, info->thread_count);
	exec = (struct exec){
		.entry = keep_base() + info->exec_entry,
		.phdr = keep_base() + info->exec_phdr,
		.phnum = info->exec_phnum,
		.heap = info->memory,
		.threads = info->thread_count,
	};
	boot_adopt(&exec, (struct span){ keep_base() + info->exec_start, keep_base() + info->exec_end });
	landing_start(exec.entry, boot_exec(&exec));
}
