/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended state: x87, SSE, AVX. A vCPU is one thread's, so it stays in the CPU; it is saved for a signal's frame and for a new
 * task alone. A machine without XSAVE (KVM on software) has FXSAVE's part of it.
 */
#include "include/vm_keep.h"
#include "../core/include/bytes.h"
#include "../core/generated/sgx.h"

static bool has_xsave(void)
{
	return read_cr4() & CR4_OSXSAVE;
}

/* Bytes of XSAVE's standard format for the components that a Keep can have. */
uint32_t state_size(void)
{
	uint64_t xcr0 = vm_info()->xcr0;

	if (!has_xsave())
		return 576; /* a header that says that there is nothing more */
	return xcr0 & XFRM_HI16_ZMM ? 2688 : xcr0 & XFRM_AVX ? 832 : 576;
}

static void load(const uint8_t *image)
{
	if (has_xsave())
		__asm__ volatile("xrstor64 (%0)" : : "r"(image), "a"(XSAVE_COMPONENTS), "d"(0) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(image) : "memory");
}

void state_save(struct vcpu *vcpu)
{
	if (has_xsave())
		__asm__ volatile("xsave64 (%0)" : : "r"(vcpu->xsave), "a"(XSAVE_COMPONENTS), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(vcpu->xsave) : "memory");
}

void state_load(struct vcpu *vcpu)
{
	load(vcpu->xsave);
}

/* As after reset, with what Linux starts a program with: FCW and MXCSR. */
void state_clear(void)
{
	static const _Alignas(64) struct {
		struct xsave_legacy legacy;
		uint8_t header[SIZEOF_XSAVE_HEADER];
	} initial = { .legacy = { .fcw = FPU_INIT_FCW, .mxcsr = FPU_INIT_MXCSR } };

	load((const uint8_t *)&initial);
}
