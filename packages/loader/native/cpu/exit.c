/* SPDX-License-Identifier: Apache-2.0 */
/* EEXIT, what a Keep must have cleared by then, and what a hostile host leaves in the registers for it to find. */
#include <stddef.h>
#include "cpu.h"

/*
 * EEXIT: RBX is where the Keep goes. Hardware lets it go anywhere, with any stack; here it may only return from the
 * function that entered it, so that an emulated Keep gets no easier hold of this process than the CPU gives it.
 */
int cpu_eexit(void)
{
	struct cpu *const cpu = cpu_self();
	if (!canonical(cpu->regs.rbx))
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "EEXIT: target 0x%llx is not canonical", cpu->regs.rbx, 0);
	enclave_lock();
	epc_settle();
	enclave_unlock();
	cpu_outside();
	if (cpu->regs.rbx != (uint64_t)after_enclu || cpu->regs.rsp != cpu->ursp || cpu->regs.rbp != cpu->urbp)
		cpu->cause = CAUSE_EXIT_TARGET;
	if (enclave.strict && !enclave.trust && cpu->cause == 0) {
		const char *leak = cpu_leak();
		if (leak != NULL) {
			cpu->cause = CAUSE_EXIT_REGISTERS;
			cpu->fault.why = leak;
		}
	}
	cpu->regs.rcx = cpu->tcs->aep;
	cpu->regs.rsp = cpu->ursp;
	cpu->regs.rbp = cpu->urbp;
	__atomic_store_n(&cpu->tcs->stage, 0, __ATOMIC_RELEASE);
	return 0;
}

/* The extended state at EEXIT, as an XSAVE image of the components that XFRM has. */
static const uint8_t *exit_image(void)
{
	struct cpu *const cpu = cpu_self();
	if (cpu->xstate != NULL)
		return cpu->xstate;
	clear(cpu->scratch, sizeof cpu->scratch);
	__asm__ volatile("xsave64 (%0)"
			 :
			 : "r"(cpu->scratch), "a"((uint32_t)enclave.secs->xfrm), "d"((uint32_t)(enclave.secs->xfrm >> 32))
			 : "memory");
	return cpu->scratch;
}

static const char *extended_leak(void)
{
	const uint8_t *image = exit_image();
	const struct xsave_legacy *legacy = (const struct xsave_legacy *)image;
	const struct xsave_header *header = (const struct xsave_header *)(image + 512);
	const uint64_t used = header->xstate_bv & enclave.secs->xfrm;
	if (used & XFRM_X87) {
		if (legacy->fcw != FPU_INIT_FCW || legacy->fsw != 0 || legacy->ftw != 0)
			return "x87 control, status or tag word";
		if (!all_zero(legacy->st, sizeof legacy->st))
			return "x87 registers";
	}
	if (legacy->mxcsr != FPU_INIT_MXCSR && (enclave.secs->xfrm & (XFRM_SSE | XFRM_AVX)) != 0)
		return "MXCSR";
	if ((used & XFRM_SSE) && !all_zero(legacy->xmm, sizeof legacy->xmm))
		return "XMM registers";
	for (uint32_t i = 2; i < 63; i++)
		if ((used >> i & 1) && !all_zero(image + enclave.component[i].offset, enclave.component[i].size))
			return i == 2 ? "YMM registers" : "an extended state component beyond AVX";
	return NULL;
}

/* What the Keep left in a register that docs/sgx-keep.md says it clears; NULL if nothing. */
const char *cpu_leak(void)
{
	struct cpu *const cpu = cpu_self();
	const struct regs *regs = &cpu->regs;
	const struct {
		const char *name;
		uint64_t value;
	} cleared[] = {
		{"R8", regs->r8},   {"R9", regs->r9},	{"R10", regs->r10}, {"R11", regs->r11},
		{"R12", regs->r12}, {"R13", regs->r13}, {"R14", regs->r14}, {"R15", regs->r15},
		{"RFLAGS", regs->rflags & (RFLAGS_ARITHMETIC | RFLAGS_DF | RFLAGS_AC | RFLAGS_NT)},
	};
	for (uint32_t i = 0; i < sizeof cleared / sizeof cleared[0]; i++)
		if (cleared[i].value != 0)
			return cleared[i].name;
	if (regs->rdi != EXIT_WHY_REFUSED && regs->rdx != 0)
		return "RDX";
	if (regs->rdi != EXIT_WHY_REFUSED && regs->rdi != EXIT_WHY_ENDED && regs->rsi != 0)
		return "RSI";
	return extended_leak();
}

static uint64_t next_poison(void)
{
	struct cpu *const cpu = cpu_self();
	/* xorshift64: the same seed gives the same run. */
	cpu->seed ^= cpu->seed << 13;
	cpu->seed ^= cpu->seed >> 7;
	cpu->seed ^= cpu->seed << 17;
	return cpu->seed;
}

/* Registers as a hostile host would leave them at EENTER: only the contract's RDI and RSI are what they should be. */
void cpu_poison(void)
{
	struct cpu *const cpu = cpu_self();
	struct regs *regs = &cpu->regs;
	uint64_t *free_registers[] = {&regs->rdx, &regs->r8,  &regs->r9,  &regs->r10, &regs->r11,
				      &regs->r12, &regs->r13, &regs->r14, &regs->r15};
	for (uint32_t i = 0; i < sizeof free_registers / sizeof free_registers[0]; i++)
		*free_registers[i] = next_poison();
	regs->rflags = RFLAGS_FIXED | RFLAGS_ARITHMETIC | RFLAGS_DF | RFLAGS_AC;
	clear(cpu->scratch, sizeof cpu->scratch);
	struct xsave_legacy *legacy = (struct xsave_legacy *)cpu->scratch;
	struct xsave_header *header = (struct xsave_header *)(cpu->scratch + 512);
	header->xstate_bv = enclave.secs->xfrm;
	/* All exceptions unmasked and flagged in x87, flush-to-zero and round-down in SSE: each breaks honest code. */
	legacy->fcw = 0x0040;
	legacy->fsw = 0x0000;
	legacy->ftw = 0xff;
	legacy->mxcsr = 0xffc0 & ~0x1f80u;
	for (uint32_t i = 0; i < sizeof legacy->st / 8; i++)
		((uint64_t *)(void *)legacy->st)[i] = next_poison() & ~(i & 1 ? 0xffffffffffff0000 : 0);
	for (uint32_t i = 0; i < sizeof legacy->xmm / 8; i++)
		((uint64_t *)(void *)legacy->xmm)[i] = next_poison();
	for (uint32_t i = 2; i < 63; i++) {
		/* PKRU would close this process's own memory to it; other components have formats of their own. */
		if ((enclave.secs->xfrm >> i & 1) == 0 || (1ull << i) == XFRM_PKRU || (1ull << i) == XFRM_TILECFG)
			continue;
		for (uint32_t at = 0; at + 8 <= enclave.component[i].size; at += 8)
			*(uint64_t *)(void *)(cpu->scratch + enclave.component[i].offset + at) = next_poison();
	}
	cpu->image = cpu->scratch;
}
