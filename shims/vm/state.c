/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended state: x87, SSE, AVX. A vCPU is one thread's, so it stays in the CPU; it is saved for a signal's frame and for a new
 * task alone. A KVM in software has no XSAVE in CR4 and XCR0; but there the shim is in ring 3, which runs with the host's.
 */
#include "include/pvm.h"
#include "../core/include/bytes.h"
#include "../core/generated/sgx.h"

static uint64_t host_components(void)
{
	uint32_t low, high;

	if (!(pvm_host & HOST_XSAVE))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low & XSAVE_COMPONENTS;
}

/* 0 without XSAVE: FXSAVE has x87 and SSE. */
static uint64_t xsave_components(void)
{
	if (pvm_host)
		return host_components();
	return read_cr4() & CR4_OSXSAVE ? vm_info()->xcr0 : 0;
}

static bool has_xsave(void)
{
	return xsave_components() != 0;
}

uint64_t state_components(void)
{
	uint64_t components = xsave_components();

	return components != 0 ? components : XFRM_X87 | XFRM_SSE;
}

/* Bytes of XSAVE's standard format for the components; without XSAVE a header that says that there is nothing more. */
uint32_t state_size(void)
{
	uint64_t components = state_components();

	return components & XFRM_HI16_ZMM ? 2688 : components & XFRM_AVX ? 832 : 576;
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
