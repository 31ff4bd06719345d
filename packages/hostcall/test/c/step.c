/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Keep that changes what it said as soon as it was read: the block is not accessible, so that each access faults; one
 * instruction is let through, and what it read is then inverted. A host that reads anything twice sees two values.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "harness.h"

#define TRAP_FLAG 0x100
#define FAULT_WRITES 2

static uint64_t touched;
static int wrote;

static void protect(int to)
{
	if (mprotect(block_view, HOSTCALL_BLOCK_SIZE, to) != 0)
		broken("mprotect", 0);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;
	const uint64_t offset = (uint64_t)((uint8_t *)info->si_addr - block_view);

	(void)number;
	if (offset >= HOSTCALL_BLOCK_SIZE)
		broken("the host touches memory outside of the block", offset);
	touched = offset;
	wrote = (at->uc_mcontext.gregs[REG_ERR] & FAULT_WRITES) != 0;
	protect(PROT_READ | PROT_WRITE);
	at->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;

	(void)number;
	(void)info;
	if (!wrote)
		for (unsigned i = 0; i < 8; i++)
			block_view[(touched & ~7ull) + i] ^= 0xff;
	protect(PROT_NONE);
	at->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
}

void step_case(int on)
{
	static struct sigaction old_fault, old_step;

	if (on) {
		struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
		struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };

		sigaction(SIGSEGV, &fault, &old_fault);
		sigaction(SIGTRAP, &step, &old_step);
		protect(PROT_NONE);
	} else {
		protect(PROT_READ | PROT_WRITE);
		sigaction(SIGSEGV, &old_fault, NULL);
		sigaction(SIGTRAP, &old_step, NULL);
	}
}
