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

/* The thread page of block `index`, which is below KEEP_INFO's thread_count. */
static inline struct thread *thread_at(uint64_t index)
{
	return (struct thread *)(keep_base() + keep_info()->thread_start + index * SGX_MAP_THREAD_STRIDE + SGX_MAP_THREAD_PAGE);
}

/* How many of them there are by now: all of the plan's in SGX1; in SGX2 the first, and those that were made. */
extern uint64_t thread_blocks;

/* Refuses a KEEP_INFO that contradicts itself: nobody but the plan can have written it, but a plan can be wrong. */
void keep_info_check(void);

/* Checks with EREPORT that the Keep was launched as planned, and keeps CONFIGID. */
void report_check(void);

/* ---- transfer.S ---- */
uint64_t sgx_enclu(uint64_t leaf, uint64_t rbx, uint64_t rcx, uint64_t rdx);
void sgx_save_state(void *image); /* the extended state that a new task starts with */
_Noreturn void sgx_end(uint32_t why, uint64_t rsi, uint64_t rdx);

/* ---- entry.S: where EENTER arrives; no function ---- */
extern const uint8_t keep_entry[];

/* ---- pages.c ---- */

/* A page that was added, readable and writable, is a TCS from now on, as it was written. */
void sgx_make_tcs(uint64_t address);

/* ---- boot.c ---- */

/* What the host said of a thread's block at its first entry is looked at here, by one thread at a time, and never again. */
void block_take(struct thread *thread, uint64_t block, uint64_t size);

/* ---- platform.c ---- */

/*
 * How the Keep ended, once `why` is not 0. Every thread that the host enters from then on leaves the same way: a Keep that has
 * found its host lying does nothing more, however many threads it has.
 */
struct ending {
	uint64_t why;
	uint64_t rsi;
	uint64_t rdx;
	uint32_t claimed;
};
extern struct ending keep_ending;
_Static_assert(__builtin_offsetof(struct ending, why) == ENDING_WHY, "ending");
_Static_assert(__builtin_offsetof(struct ending, rsi) == ENDING_RSI, "ending");
_Static_assert(__builtin_offsetof(struct ending, rdx) == ENDING_RDX, "ending");
_Static_assert(__builtin_offsetof(struct ending, claimed) == ENDING_CLAIMED, "ending");

/* The first ending counts. */
void keep_is_over(uint64_t why, uint64_t rsi, uint64_t rdx);

/* ---- landing.S ---- */
void landing_trapped(void);
void landing_direct(void);
void landing_signal(void);
_Noreturn void landing_task(void);
_Noreturn void landing_start(uint64_t entry, uint64_t stack);

/* ---- exception.c ---- */

/* RSI and RDX at EEXIT. */
struct leaving {
	uint64_t rsi;
	uint64_t rdx;
};

/* Where an exception left the application, as core/include/signal.h has it, and back. */
struct context;
void context_load(struct context *context, uint8_t *frame);
void context_store(const struct context *context, uint8_t *frame);

/* Bytes of XSAVE's standard format for the components that a Keep can have; each number is where the last one ends. */
static inline uint32_t xsave_size(uint64_t xfrm)
{
	return xfrm & XFRM_HI16_ZMM ? 2688 : xfrm & XFRM_AVX ? 832 : 576;
}

/* Answers CPUID for the leaf in RAX and the subleaf in RCX of the frame. */
void cpuid_answer(struct gprsgx *gpr);

#endif
