/* SPDX-License-Identifier: Apache-2.0 */
/* ENCLU inside a Keep: which leaf, and what comes of it. The same for a patched site and for a trap. */
#include <stddef.h>
#include "cpu.h"

#define SITE_SIZE 5

/* A leaf's result in RAX and ZF; the other arithmetic flags are cleared. */
int cpu_result(uint32_t code)
{
	struct cpu *const cpu = cpu_self();
	cpu->regs.rflags &= ~(uint64_t)RFLAGS_ARITHMETIC;
	if (code != SGX_ERR_SUCCESS)
		cpu->regs.rflags |= RFLAGS_ZF;
	cpu->regs.rax = code;
	return 0;
}

static int execute(uint32_t leaf)
{
	switch (leaf) {
	case ENCLU_EREPORT:
		return cpu_ereport();
	case ENCLU_EGETKEY:
		return cpu_egetkey();
	case ENCLU_EACCEPT:
		return cpu_eaccept();
	case ENCLU_EMODPE:
		return cpu_emodpe();
	case ENCLU_EACCEPTCOPY:
		return cpu_eacceptcopy();
	case ENCLU_EENTER:
	case ENCLU_ERESUME:
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "ENCLU leaf %llu within an enclave", leaf, 0);
	default:
		/* EVERIFYREPORT2 and EDECCSSA are of later CPUs; this one enumerates SGX1, SGX2 and KSS. */
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "ENCLU leaf %llu does not exist", leaf, 0);
	}
}

/* One leaf at a time: to each, the EPCM stands still. */
static int execute_locked(uint32_t leaf)
{
	enclave_lock();
	const int failed = execute(leaf);
	enclave_unlock();
	return failed;
}

/*
 * Executes ENCLU with cpu.regs, whose RIP is the next instruction's; cpu.enclu_rip is that of ENCLU itself. Returns
 * what entry.S does next.
 */
int cpu_enclu(void)
{
	struct cpu *const cpu = cpu_self();
	const uint32_t leaf = (uint32_t)cpu->regs.rax;
	cpu->inside = false;
	if (leaf == ENCLU_EEXIT && cpu_eexit() == 0)
		return CPU_LEFT;
	if (leaf != ENCLU_EEXIT && execute_locked(leaf) == 0 && cpu->cause == 0 && enclave.cause == 0) {
		cpu->inside = true;
		return CPU_STAY;
	}
	cpu->regs.rip = cpu->enclu_rip;
	cpu_aex();
	return CPU_RETURN;
}

/* From a patched site, which is five bytes long (docs/sgx-keep.md). */
int cpu_enclu_patched(void)
{
	struct cpu *const cpu = cpu_self();
	cpu->enclu_rip = cpu->regs.rip - SITE_SIZE;
	cpu->xstate = NULL;
	return cpu_enclu();
}

/* A patched WRFSBASE whose base the kernel refused. */
int cpu_wrfsbase_refused(void)
{
	struct cpu *const cpu = cpu_self();
	cpu->inside = false;
	cpu->xstate = NULL;
	cpu->regs.rip -= SITE_SIZE;
	cpu_raise(EXIT_VECTOR_GP, 0, 0, "WRFSBASE: base 0x%llx", cpu->regs.rax, 0);
	cpu_aex();
	return CPU_RETURN;
}
