/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the SGX shim share: where the Keep is, and the enclave's instructions. */
#ifndef MOTTE_SGX_KEEP_H
#define MOTTE_SGX_KEEP_H

#include <stdbool.h>
#include <stdint.h>
#include "../../core/generated/keep.h"
#include "thread.h"

/* The image is linked at 0 and loaded at the Keep's base: these are the base, and what the image ends with. */
extern const uint8_t shim_start[];
extern const uint8_t shim_end[];

static inline uint64_t keep_base(void)
{
	return (uint64_t)shim_start;
}

/* The page that the plan measures after the image and a guard. */
static inline const struct keep_info *keep_info(void)
{
	return (const struct keep_info *)(shim_end + PAGE_SIZE);
}

/* Refuses a KEEP_INFO that contradicts itself: nobody but the plan can have written it, but a plan can be wrong. */
void keep_info_check(void);

/* Checks with EREPORT that the Keep was launched as planned, and keeps CONFIGID. */
void report_check(void);

/* ---- transfer.S ---- */
uint64_t sgx_enclu(uint64_t leaf, uint64_t rbx, uint64_t rcx, uint64_t rdx);
_Noreturn void sgx_end(uint32_t why, uint64_t rsi, uint64_t rdx);

/* ---- landing.S ---- */
void landing_trapped(void);
void landing_direct(void);
_Noreturn void landing_start(uint64_t entry, uint64_t stack);

/* ---- exception.c ---- */

/* RSI and RDX at EEXIT. */
struct leaving {
	uint64_t rsi;
	uint64_t rdx;
};

/* Answers CPUID for the leaf in RAX and the subleaf in RCX of the frame. */
void cpuid_answer(struct gprsgx *gpr);

#endif
