/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of which the plan has nothing but the addresses (docs/adr/0024-threads-on-demand.md): their pages are added when a task
 * needs them, and one of these becomes a TCS by EMODT. What a TCS says is written here, before the CPU takes the page away
 * from all software: the host chooses when it can be entered, not what it is. In SGX1 all are in the plan.
 */
#include "include/sgx_keep.h"
#include "../core/include/ledger.h"
#include "../core/include/platform.h"

/* FS and GS may reach their page and no further; EENTER wants the low 12 bits set. */
#define SEGMENT_LIMIT 0xfff

/* As the plan has it for the first thread; the page was added now, so all else in it is zero. */
static void write_tcs(struct tcs *tcs, uint64_t block)
{
	tcs->ossa = block + SGX_MAP_SSA;
	tcs->nssa = SGX_MAP_NSSA;
	tcs->oentry = (uint64_t)keep_entry - keep_base();
	tcs->ofsbase = tcs->ogsbase = block + SGX_MAP_THREAD_PAGE;
	tcs->fslimit = tcs->gslimit = SEGMENT_LIMIT;
}

static void add(uint64_t address, uint64_t pages)
{
	platform_accept(address, pages, PERM_R | PERM_W);
}

/* Whatever an entry touches is there before the TCS that leads to it. */
static void make(uint64_t address)
{
	add(address + SGX_MAP_STACK0, SGX_MAP_STACK0_PAGES);
	add(address + SGX_MAP_STACK1, SGX_MAP_STACK1_PAGES);
	add(address + SGX_MAP_THREAD_PAGE, 1);
	add(address + SGX_MAP_SSA, SGX_MAP_NSSA * SGX_MAP_SSA_FRAME_PAGES);
	add(address + SGX_MAP_TCS, 1);
	write_tcs((struct tcs *)(address + SGX_MAP_TCS), address - keep_base());
	sgx_make_tcs(address + SGX_MAP_TCS);
}

struct task *platform_thread_make(uint64_t index)
{
	struct thread *thread = thread_at(index);

	if (platform_lazy()) {
		make((uint64_t)thread - SGX_MAP_THREAD_PAGE);
		__atomic_store_n(&thread_blocks, index + 1, __ATOMIC_RELEASE); /* a thread that starts looks without the lock */
	}
	return &thread->task;
}
