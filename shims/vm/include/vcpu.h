/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vCPU page (docs/vm-keep.md): what the shim knows of one vCPU. GS points to it whenever the shim runs. It is
 * measured as zeros, so a vCPU that never ran is `fresh`.
 */
#ifndef MOTTE_VM_VCPU_H
#define MOTTE_VM_VCPU_H

#include "../../core/generated/hostcall_abi.h"
#include "../../core/generated/trap_frame.h"
#include "../../core/generated/vm_map.h"

#define PAGE_SIZE 4096

/* States of a vCPU; each change is one atomic instruction. */
#define VCPU_FRESH 0    /* never ran; the first one boots, another may not run */
#define VCPU_RUNNING 1
#define VCPU_EXPECTED 3 /* never ran, and clone() has asked for it */

/* Members of struct vcpu, for assembly. */
#define VCPU_SELF 0x000
#define VCPU_CANARY 0x008
#define VCPU_STATE 0x010
#define VCPU_OUTSIDE 0x014
#define VCPU_STACK 0x018
#define VCPU_EXEC_RSP 0x020
#define VCPU_XSAVE 0x400

/* From the vCPU page. */
#define VCPU_TO_BLOCK (-VM_MAP_VCPU_PAGE)
#define VCPU_TO_STACK (VM_MAP_STACK + VM_MAP_STACK_PAGES * PAGE_SIZE - VM_MAP_VCPU_PAGE)
#define VCPU_TO_SYSTEM (VM_MAP_SYSTEM_PAGE - VM_MAP_VCPU_PAGE)

/* The GDT: selectors in the order that SYSCALL and SYSRET want (AMD 24593, 6.1.1). */
#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define SELECTOR_TSS 0x18 /* two entries */
#define SELECTOR_USER_BASE 0x2b /* SYSRET adds 8 for SS and 16 for CS */
#define SELECTOR_USER_DATA 0x33
#define SELECTOR_USER_CODE 0x3b

/* The exec's registers on the vCPU's stack, from its top (struct trap_frame). */
#define TRAP_FRAME_SIZE 176
#define TRAP_FRAME_RAX 0
#define TRAP_FRAME_ERROR 128

/* Members of struct ending, for assembly. */
#define ENDING_WHY 0x00
#define ENDING_RSI 0x08
#define ENDING_RDX 0x10
#define ENDING_CLAIMED 0x18

/* Of the CPU's vectors, the one of SEV-ES; and how many gates there are, ours included. */
#define VECTOR_VC 29
#define VECTORS (VECTOR_SHOOTDOWN + 1)

/* RFLAGS. AC lets ring 0 use ring 3's pages under SMAP. */
#define RFLAGS_FIXED 0x2
#define RFLAGS_TF 0x100
#define RFLAGS_IF 0x200
#define RFLAGS_AC 0x40000

/* x87, SSE, AVX, AVX-512: what the save area has room for. */
#define XSAVE_COMPONENTS 0xe7

#ifndef __ASSEMBLER__
#include <stdint.h>
#include "../../core/include/caller.h"
#include "../../core/include/hostcall.h"
#include "../../core/include/task.h"

struct vcpu {
	uint64_t self;       /* address of this page */
	uint64_t canary;     /* of the stack protector, by GS */
	uint32_t state;
	uint32_t outside;    /* 1 while ring 3 runs: its TLB must be flushed by an interrupt */
	uint64_t stack;      /* the top of its stack */
	uint64_t exec_rsp;   /* on the way in by SYSCALL */
	uint64_t flushed;    /* the last change of page tables that its TLB knows */
	uint64_t fault_address; /* CR2 at its last exception */
	uint64_t unused_038;
	uint64_t exec_fs;    /* the exec's FS base; arch_prctl() sets it */
	uint64_t unused_048;
	uint64_t signal_due; /* 1: its system call does not return before a signal was delivered */
	struct hostcall call;
	struct task task;    /* the application's thread that runs here */
	_Alignas(VCPU_XSAVE) uint8_t xsave[VM_MAP_CALLER - VM_MAP_VCPU_PAGE - VCPU_XSAVE];
	struct caller caller; /* in shims with the switch `debug` */
};

_Static_assert(sizeof(struct trap_frame) == TRAP_FRAME_SIZE, "trap_frame");
_Static_assert(__builtin_offsetof(struct trap_frame, rax) == TRAP_FRAME_RAX, "trap_frame");
_Static_assert(__builtin_offsetof(struct trap_frame, error) == TRAP_FRAME_ERROR, "trap_frame");
_Static_assert(__builtin_offsetof(struct trap_frame, rip) == TRAP_FRAME_ERROR + 8, "trap_frame");

_Static_assert(sizeof(struct vcpu) == PAGE_SIZE, "vcpu: size");
#define VCPU_AT(member, offset) _Static_assert(__builtin_offsetof(struct vcpu, member) == offset, #member)
VCPU_AT(self, VCPU_SELF);
VCPU_AT(canary, VCPU_CANARY);
VCPU_AT(state, VCPU_STATE);
VCPU_AT(outside, VCPU_OUTSIDE);
VCPU_AT(stack, VCPU_STACK);
VCPU_AT(exec_rsp, VCPU_EXEC_RSP);
VCPU_AT(xsave, VCPU_XSAVE);
VCPU_AT(exec_fs, VM_MAP_EXEC_FS - VM_MAP_VCPU_PAGE);
VCPU_AT(task.number, VM_MAP_TASK_NUMBER - VM_MAP_VCPU_PAGE);
VCPU_AT(caller, VM_MAP_CALLER - VM_MAP_VCPU_PAGE);
#undef VCPU_AT

static inline struct vcpu *vcpu_self(void)
{
	struct vcpu *self;

	__asm__("movq %%gs:%c1, %0" : "=r"(self) : "i"(VCPU_SELF));
	return self;
}

/* Where a vCPU's stack has the exec's registers, whatever brought it into ring 0. */
static inline struct trap_frame *vcpu_frame(struct vcpu *vcpu)
{
	return (struct trap_frame *)((uint8_t *)vcpu + VCPU_TO_STACK - TRAP_FRAME_SIZE);
}

static inline struct vcpu *vcpu_of(struct task *task)
{
	return (struct vcpu *)((uint8_t *)task - __builtin_offsetof(struct vcpu, task));
}
#endif

#endif
