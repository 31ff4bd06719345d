/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread page (docs/sgx-keep.md): what the shim knows of one TCS. GS points to it whenever the shim runs; it is
 * measured as zeros, so a thread that was never entered is `fresh`.
 *
 * Of the thread block around it, everything is found from the TCS or from this page by adding a constant: no stack
 * pointer comes from the host or from an SSA frame.
 */
#ifndef MOTTE_SGX_THREAD_H
#define MOTTE_SGX_THREAD_H

#include "../../core/generated/map.h"
#include "../../core/generated/hostcall_abi.h"
#include "../../core/generated/sgx.h"

#define PAGE_SIZE 4096

/* States of a thread (SECURITY.md, rule 6); each change is one atomic instruction. */
#define THREAD_FRESH 0    /* never entered; the first thread boots, another may not be entered */
#define THREAD_RUNNING 1  /* within the Keep, or interrupted there, or ended */
#define THREAD_AWAITING 2 /* left for a host call; only an entry at CSSA 0 is expected */
#define THREAD_EXPECTED 3 /* never entered, and clone() has asked for it */

/* Members of struct thread, for assembly. */
#define THREAD_SELF 0x000
#define THREAD_CANARY 0x008
#define THREAD_STATE 0x010
#define THREAD_IN_EXCEPTION 0x014
#define THREAD_HOST_RSP 0x018
#define THREAD_HOST_RBP 0x020
#define THREAD_HOST_RETURN 0x028
#define THREAD_SHIM_RSP 0x030
#define THREAD_EXEC_RSP 0x038
#define THREAD_EXEC_FS (SGX_MAP_EXEC_FS - SGX_MAP_THREAD_PAGE)
#define THREAD_TRAPPED 0x048
#define THREAD_SIGNAL_DUE 0x050
#define THREAD_XSAVE 0x400
#define THREAD_CALLER (SGX_MAP_CALLER - SGX_MAP_THREAD_PAGE) /* struct caller of core/include/platform.h, in its order */

/* Members of struct ending (sgx_keep.h), for assembly. */
#define ENDING_WHY 0x00
#define ENDING_RSI 0x08
#define ENDING_RDX 0x10
#define ENDING_CLAIMED 0x18

/* The top of a stack holds two words that only the entry uses, to load the flags. */
#define STACK_SCRATCH 16
#define STACK0_TOP (SGX_MAP_STACK0 + SGX_MAP_STACK0_PAGES * PAGE_SIZE)
#define STACK1_TOP (SGX_MAP_STACK1 + SGX_MAP_STACK1_PAGES * PAGE_SIZE)

/* From the TCS, which the CPU gives in RBX at EENTER. */
#define TCS_TO_STACK0 (STACK0_TOP - SGX_MAP_TCS)
#define TCS_TO_STACK1 (STACK1_TOP - SGX_MAP_TCS)
#define TCS_TO_THREAD (SGX_MAP_THREAD_PAGE - SGX_MAP_TCS)
#define TCS_TO_FRAME (SGX_MAP_SSA - SGX_MAP_TCS)
/* From the thread page: where a system call's frame starts and ends (struct landing_frame). */
#define LANDING_FRAME_SIZE 128
#define THREAD_TO_STACK0 (STACK0_TOP - STACK_SCRATCH - SGX_MAP_THREAD_PAGE)
#define THREAD_TO_FRAME (THREAD_TO_STACK0 - LANDING_FRAME_SIZE)

/* GPRSGX ends the SSA frame, EXINFO is right below it. */
#define FRAME_SIZE (SGX_MAP_SSA_FRAME_PAGES * PAGE_SIZE)
#define FRAME_GPRSGX (FRAME_SIZE - SIZEOF_GPRSGX)
#define FRAME_EXINFO (FRAME_GPRSGX - SIZEOF_EXINFO)

/* The components that an exec's trapped call may have to get back: x87, SSE, AVX, AVX-512. */
#define XSAVE_COMPONENTS 0xe7

#ifndef __ASSEMBLER__
#include "../../core/include/caller.h"
#include "../../core/include/hostcall.h"
#include "../../core/include/task.h"

struct thread {
	uint64_t self;         /* address of this page */
	uint64_t canary;       /* of the stack protector, by GS */
	uint32_t state;
	uint32_t in_exception; /* 1 while the handler at CSSA 1 runs */
	uint64_t host_rsp;     /* what RSP, RBP and the way out were at the last entry at CSSA 0 */
	uint64_t host_rbp;
	uint64_t host_return;
	uint64_t shim_rsp;     /* of hostcall_transfer(), while awaiting */
	uint64_t exec_rsp;     /* of the application, while in a system call */
	uint64_t exec_fs;      /* its FS base; arch_prctl() sets it */
	uint64_t trapped;      /* 1: it came by `syscall`, so its vector registers must survive */
	uint64_t signal_due;   /* 1: its system call returns by way of landing_signal */
	struct hostcall call;
	struct task task;      /* the application's thread that runs here */
	_Alignas(THREAD_XSAVE) uint8_t xsave[THREAD_CALLER - THREAD_XSAVE];
	struct caller caller;  /* in shims with the switch `debug` */
};

/* What the landing leaves at the top of stack 0: all that it takes to go on in the application. */
struct landing_frame {
	uint64_t number;
	uint64_t arg[6];
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t unused;
	uint64_t rflags;
	uint64_t rip;
};
_Static_assert(sizeof(struct landing_frame) == LANDING_FRAME_SIZE, "landing_frame");

_Static_assert(sizeof(struct thread) == PAGE_SIZE, "thread: size");
#define THREAD_AT(member, offset) _Static_assert(__builtin_offsetof(struct thread, member) == offset, #member)
THREAD_AT(self, THREAD_SELF);
THREAD_AT(canary, THREAD_CANARY);
THREAD_AT(state, THREAD_STATE);
THREAD_AT(in_exception, THREAD_IN_EXCEPTION);
THREAD_AT(host_rsp, THREAD_HOST_RSP);
THREAD_AT(host_rbp, THREAD_HOST_RBP);
THREAD_AT(host_return, THREAD_HOST_RETURN);
THREAD_AT(shim_rsp, THREAD_SHIM_RSP);
THREAD_AT(exec_rsp, THREAD_EXEC_RSP);
THREAD_AT(exec_fs, THREAD_EXEC_FS);
THREAD_AT(trapped, THREAD_TRAPPED);
THREAD_AT(signal_due, THREAD_SIGNAL_DUE);
THREAD_AT(xsave, THREAD_XSAVE);
THREAD_AT(caller, THREAD_CALLER);
THREAD_AT(task.number, SGX_MAP_TASK_NUMBER - SGX_MAP_THREAD_PAGE);
#undef THREAD_AT

/* This thread. Valid from the first entry on. */
static inline struct thread *thread_self(void)
{
	struct thread *self;

	__asm__("movq %%gs:%c1, %0" : "=r"(self) : "i"(THREAD_SELF));
	return self;
}

static inline struct landing_frame *thread_frame(struct thread *thread)
{
	return (struct landing_frame *)((uint8_t *)thread + THREAD_TO_FRAME);
}

static inline struct thread *thread_of(struct task *task)
{
	return (struct thread *)((uint8_t *)task - __builtin_offsetof(struct thread, task));
}

#endif

#endif
