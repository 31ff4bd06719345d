/* SPDX-License-Identifier: Apache-2.0 */
/* Asynchronous exits: what the CPU saves in the SSA frame, what it shows the host, and how ERESUME brings it back. */
#include <stddef.h>
#include "cpu.h"

#define XSAVE_FIXED 576u /* legacy area and header */
#define SOFTWARE_AREA 464u

_Static_assert(NSSA_MAX >= 2, "docs/sgx-keep.md has two SSA frames");

static uint8_t *ssa_frame(uint32_t frame)
{
	struct cpu *const cpu = cpu_self();
	return enclave.memory + cpu->tcs->ossa + (uint64_t)frame * enclave.secs->ssaframesize * PAGE;
}

static struct gprsgx *ssa_gpr(uint8_t *frame)
{
	return (struct gprsgx *)(frame + enclave.secs->ssaframesize * PAGE - sizeof(struct gprsgx));
}

/* The general registers in an SSA frame of a thread's; GPRSGX starts with struct regs. */
struct regs *cpu_saved_regs(const struct tcs *tcs, uint32_t index)
{
	const uint64_t frame = (uint64_t)enclave.secs->ssaframesize * PAGE;
	return (struct regs *)(void *)ssa_gpr(enclave.memory + tcs->ossa + index * frame);
}

/* Does EXITINFO tell the Keep about this vector? */
static bool is_reported(uint32_t vector)
{
	switch (vector) {
	case EXIT_VECTOR_DE:
	case EXIT_VECTOR_DB:
	case EXIT_VECTOR_BP:
	case EXIT_VECTOR_BR:
	case EXIT_VECTOR_UD:
	case EXIT_VECTOR_MF:
	case EXIT_VECTOR_AC:
	case EXIT_VECTOR_XM:
		return true;
	case EXIT_VECTOR_GP:
	case EXIT_VECTOR_PF:
		return (enclave.secs->miscselect & MISCSELECT_EXINFO) != 0;
	default:
		return false;
	}
}

static uint32_t exitinfo(uint32_t vector)
{
	if (!is_reported(vector))
		return 0;
	const uint32_t type =
		vector == EXIT_VECTOR_BP ? EXITINFO_EXIT_TYPE_SOFTWARE : EXITINFO_EXIT_TYPE_HARDWARE;
	return EXITINFO_VALID | type << EXITINFO_EXIT_TYPE_SHIFT | vector;
}

/* Bytes of the extended state that a signal frame holds (struct _fpx_sw_bytes), at least FXSAVE's. */
static uint64_t signal_state_size(const uint8_t *xstate)
{
	uint32_t magic, size;
	copy(&magic, xstate + SOFTWARE_AREA, 4);
	copy(&size, xstate + SOFTWARE_AREA + 16, 4);
	if (magic != 0x46505853 || size < XSAVE_FIXED)
		return 512;
	return size < XSAVE_MAX ? size : XSAVE_MAX;
}

/*
 * Extended state. The CPU saves the components of XFRM in the SSA frame. Those outside XFRM are off inside an
 * enclave of hardware; here XCR0 and CPUID cannot be trapped, so that a program finds AVX-512 and uses it. The shadow
 * keeps what the SSA frame has no room for, and ERESUME restores it, so that such a program runs.
 */
static void save_extended(uint8_t *frame, uint8_t *shadow)
{
	struct cpu *const cpu = cpu_self();
	struct xsave_header *header = (struct xsave_header *)(shadow + 512);
	const uint64_t xfrm = enclave.secs->xfrm;
	if (cpu->xstate != NULL) {
		copy(shadow, cpu->xstate, signal_state_size(cpu->xstate));
	} else {
		__asm__ volatile("xsave64 (%0)" : : "r"(shadow), "a"(-1), "d"(-1) : "memory");
	}
	clear(shadow + SOFTWARE_AREA, 48);
	copy(frame, shadow, XSAVE_FIXED);
	((struct xsave_header *)(frame + 512))->xstate_bv = header->xstate_bv & xfrm;
	((struct xsave_header *)(frame + 512))->xcomp_bv = 0;
	for (uint32_t i = 2; i < 63; i++) {
		if ((xfrm >> i & 1) == 0)
			continue;
		if (header->xstate_bv >> i & 1)
			copy(frame + enclave.component[i].offset, shadow + enclave.component[i].offset, enclave.component[i].size);
		else
			clear(frame + enclave.component[i].offset, enclave.component[i].size);
	}
}

/*
 * AEX for cpu.fault with cpu.regs: saves the state of the Keep, counts CSSA up and fills in what the host's function
 * returns. The registers that the host sees are synthetic; entry.S makes them.
 */
void cpu_aex(void)
{
	struct cpu *const cpu = cpu_self();
	struct tcs *tcs = cpu->tcs;
	const struct fault *fault = &cpu->fault;
	struct sgx_enclave_run *run = cpu->run;
	cpu_outside();
	uint8_t *frame = ssa_frame(tcs->cssa);
	struct gprsgx *gpr = ssa_gpr(frame);
	save_extended(frame, cpu->shadow[tcs->cssa]);
	cpu->regs.rflags &= ~(uint64_t)(enclave.step || cpu->single ? RFLAGS_TF : 0);
	copy(gpr, &cpu->regs, sizeof cpu->regs);
	gpr->ursp = cpu->ursp;
	gpr->urbp = cpu->urbp;
	gpr->exitinfo = exitinfo(fault->vector);
	gpr->aexnotify = 0;
	gpr->fsbase = cpu->fsbase;
	gpr->gsbase = cpu->gsbase;
	if (enclave.secs->miscselect & MISCSELECT_EXINFO) {
		struct exinfo *info = (struct exinfo *)gpr - 1;
		const bool page = fault->vector == EXIT_VECTOR_PF;
		clear(info, sizeof *info);
		if (page || fault->vector == EXIT_VECTOR_GP) {
			info->maddr = page ? fault->address : 0;
			info->errcd = fault->error_code;
		}
	}
	copy(&cpu->aex_regs, &cpu->regs, sizeof cpu->regs);
	tcs->cssa++;
	__atomic_store_n(&tcs->stage, 0, __ATOMIC_RELEASE);
	run->function = ENCLU_ERESUME;
	run->exception_vector = (uint16_t)fault->vector;
	run->exception_error_code = (uint16_t)fault->error_code;
	/* The CPU hides the offset within a page of the Keep. */
	run->exception_addr =
		epc_inside(fault->address, 1) ? fault->address & ~(PAGE - 1) : fault->address;
	cpu->stats.aexs++;
}

/* ERESUME's part: cpu.regs, cpu.frame and cpu.image from an SSA frame, or the #GP for one that cannot be loaded. */
int cpu_resume_state(uint32_t index)
{
	struct cpu *const cpu = cpu_self();
	uint8_t *frame = ssa_frame(index), *shadow = cpu->shadow[index];
	const struct gprsgx *gpr = ssa_gpr(frame);
	const struct xsave_header *header = (const struct xsave_header *)(frame + 512);
	const struct xsave_legacy *legacy = (const struct xsave_legacy *)frame;
	const uint64_t xfrm = enclave.secs->xfrm;
	if ((header->xstate_bv & ~xfrm) != 0)
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "SSA: XSTATE_BV 0x%llx is not within XFRM 0x%llx", header->xstate_bv,
				 xfrm);
	if (header->xcomp_bv != 0 || !all_zero(header->reserved_010, sizeof header->reserved_010))
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "SSA: the XSAVE header has reserved bytes that are not zero", 0, 0);
	if ((xfrm & (XFRM_SSE | XFRM_AVX)) != 0 && (legacy->mxcsr & 0xffff0000) != 0)
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "SSA: MXCSR 0x%llx has reserved bits", legacy->mxcsr, 0);
	if (!canonical(gpr->rip))
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "SSA: RIP 0x%llx is not canonical", gpr->rip, 0);
	if (!canonical(gpr->fsbase) || !canonical(gpr->gsbase))
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "SSA: FSBASE 0x%llx or GSBASE 0x%llx is not canonical", gpr->fsbase,
				 gpr->gsbase);
	struct xsave_header *image_header = (struct xsave_header *)(shadow + 512);
	const uint64_t outside = image_header->xstate_bv & ~xfrm;
	copy(shadow, frame, XSAVE_FIXED);
	image_header->xstate_bv = header->xstate_bv | (outside & enclave.xcr0);
	for (uint32_t i = 2; i < 63; i++)
		if (xfrm >> i & 1)
			copy(shadow + enclave.component[i].offset, frame + enclave.component[i].offset, enclave.component[i].size);
	copy(&cpu->regs, gpr, sizeof cpu->regs);
	cpu->fsbase = gpr->fsbase;
	cpu->gsbase = gpr->gsbase;
	cpu->image = shadow;
	return 0;
}
