/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUID inside the Keep: a fixed processor, measured with the shim (SECURITY.md, rule 5). The host's values never
 * enter. It is x86-64-v3 without what an enclave or the shim does not give (FSGSBASE: FS is set by arch_prctl; no
 * MONITOR, VMX, SGX, TSX), and AVX with what builds on it only when XFRM has it.
 */
#include "include/sgx_keep.h"
#include "../core/include/platform.h"

#define MAX_LEAF 0xd
#define MAX_EXTENDED 0x80000008u

/* FPU TSC CX8 CMOV CLFSH MMX FXSR SSE SSE2 */
#define EDX_1 0x07888111u
/* SSE3 PCLMULQDQ SSSE3 CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE OSXSAVE RDRAND */
#define ECX_1 0x4ed82203u
/* FMA AVX F16C */
#define ECX_1_AVX 0x30001000u
/* BMI1 BMI2 ERMS, and AVX2 */
#define EBX_7 0x308u
#define EBX_7_AVX 0x20u

struct answer {
	uint32_t leaf;
	uint32_t subleaf;
	uint32_t eax, ebx, ecx, edx;
};

/* A leaf that is not here, and a subleaf that is not here, is all zeros. */
static const struct answer policy[] = {
	{ 0x0, 0, MAX_LEAF, 0x756e6547, 0x6c65746e, 0x49656e69 },      /* GenuineIntel: glibc tunes by vendor */
	{ 0x1, 0, 0x000606a6, 0x00000800, ECX_1, EDX_1 },              /* family 6 model 6Ah; CLFLUSH 64 */
	{ 0x2, 0, 0x00feff01, 0, 0, 0 },                               /* caches: see leaf 4 */
	{ 0x4, 0, 0x04000121, 0x02c0003f, 63, 0 },                     /* L1 data: 48 KiB, 12 ways */
	{ 0x4, 1, 0x04000122, 0x01c0003f, 63, 0 },                     /* L1 code: 32 KiB, 8 ways */
	{ 0x4, 2, 0x04000143, 0x04c0003f, 1023, 0 },                   /* L2: 1.25 MiB, 20 ways */
	{ 0x7, 0, 0, EBX_7, 0, 0 },
	{ 0xd, 2, 256, 576, 0, 0 },                                    /* AVX's part of the XSAVE area */
	{ 0x80000000, 0, MAX_EXTENDED, 0, 0, 0 },
	{ 0x80000001, 0, 0, 0, 0x00000021, 0x20100800 },               /* LAHF LZCNT; SYSCALL NX LM */
	{ 0x80000002, 0, 0x74746f4d, 0x654b2065, 0x00007065, 0 },      /* "Motte Keep" */
	{ 0x80000006, 0, 0, 0, 0x05007040, 0 },                        /* L2 again, as AMD tells it */
	{ 0x80000008, 0, 0x3030, 0, 0, 0 },                            /* 48 bits of addresses */
};

/* Which leaves have subleaves; the others ignore ECX. */
static bool has_subleaves(uint32_t leaf)
{
	return leaf == 0x4 || leaf == 0x7 || leaf == 0xb || leaf == 0xd;
}

/* Leaf 0xD, subleaf 0, from XFRM: the size that XSAVE uses for it. */
static void xsave_leaf(struct answer *answer, uint64_t xfrm)
{
	uint32_t size = xsave_size(xfrm);

	*answer = (struct answer){ .eax = (uint32_t)xfrm, .ebx = size, .ecx = size };
}

void cpuid_answer(struct gprsgx *gpr)
{
	uint32_t leaf = (uint32_t)gpr->rax;
	uint32_t subleaf = has_subleaves(leaf) ? (uint32_t)gpr->rcx : 0;
	uint64_t xfrm = keep_info()->xfrm;
	struct answer answer = { 0 };

	for (unsigned i = 0; i < sizeof(policy) / sizeof(policy[0]); i++)
		if (policy[i].leaf == leaf && policy[i].subleaf == subleaf)
			answer = policy[i];
	if (leaf == 0xd && subleaf == 0)
		xsave_leaf(&answer, xfrm);
	if (xfrm & XFRM_AVX) {
		answer.ecx |= leaf == 1 ? ECX_1_AVX : 0;
		answer.ebx |= leaf == 7 && subleaf == 0 ? EBX_7_AVX : 0;
	} else if (leaf == 0xd && subleaf == 2) {
		answer = (struct answer){ 0 };
	}
	/* As the instruction does, in 64-bit mode: the upper halves are cleared. */
	gpr->rax = answer.eax;
	gpr->rbx = answer.ebx;
	gpr->rcx = answer.ecx;
	gpr->rdx = answer.edx;
}

uint32_t platform_hwcap(void)
{
	return EDX_1;
}
