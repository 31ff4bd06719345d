/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls and exceptions of ring 3. A page fault goes to the ledger; what the exec did wrong becomes a signal, as of
 * Linux. What the CPU would never do is the host's doing, and ends the Keep (SECURITY.md, rule 13).
 */
#include "include/trap.h"
#include "include/vm_keep.h"
#include "../core/include/linux.h"
#include "../core/include/lock.h"
#include "../core/include/memory.h"
#include "../core/include/platform.h"
#include "../core/include/signal.h"
#include "../core/include/syscall.h"

#define SYS_RT_SIGRETURN 15

/* Vectors (AMD 24593, table 8-1). */
enum vector { DE = 0, DB = 1, BP = 3, OF = 4, BR = 5, UD = 6, NM = 7, TS = 10, NP = 11, SS = 12, GP = 13, MF = 16, AC = 17, XM = 19 };

/* A page fault's error code: the access was a write, or of an instruction. */
#define PF_WRITE 0x2
#define PF_USER 0x4
#define PF_RESERVED 0x8
#define PF_CODE 0x10

/* What ring 3 may have in RFLAGS: CF PF AF ZF SF TF DF OF AC ID. */
#define RFLAGS_USER 0x240dd5ull

_Static_assert(__builtin_offsetof(struct trap_frame, rdi) == __builtin_offsetof(struct syscall_frame, arg), "frame");

static void end_if(unsigned number)
{
	if (number != 0)
		keep_end(number);
}

static void fault(struct trap_frame *frame, int32_t number, int32_t code, uint64_t address)
{
	const struct siginfo info = { .number = number, .code = code, .address = address };
	struct context context;

	context_load(&context, frame);
	end_if(signal_fault(&context, &info));
	context_store(&context, frame);
}

static void deliver(struct trap_frame *frame)
{
	struct context context;

	context_load(&context, frame);
	end_if(signal_deliver(&context));
	context_store(&context, frame);
}

static void return_from_handler(struct trap_frame *frame)
{
	struct context context;

	context_load(&context, frame);
	end_if(signal_return(&context));
	context_store(&context, frame);
}

#ifdef SHIM_HAS_DEBUG
static void keep_caller(const struct trap_frame *frame)
{
	vcpu_self()->caller = (struct caller){ frame->rip, frame->rsp, frame->rbx, frame->rbp,
					       frame->r12, frame->r13, frame->r14, frame->r15 };
}
#endif

void trap_handle_call(struct trap_frame *frame)
{
	if (frame->rax == SYS_RT_SIGRETURN) {
		core_lock();
		return_from_handler(frame);
		core_unlock();
		return;
	}
#ifdef SHIM_HAS_DEBUG
	keep_caller(frame);
#endif
	frame->rax = syscall_dispatch((const struct syscall_frame *)frame);
	if (__atomic_load_n(&vcpu_self()->signal_due, __ATOMIC_RELAXED)) {
		core_lock();
		deliver(frame);
		core_unlock();
	}
}

static void page_fault(struct trap_frame *frame, uint64_t address)
{
	unsigned need = frame->error & PF_WRITE ? PERM_W : frame->error & PF_CODE ? PERM_X : PERM_R;

	if (!(frame->error & PF_USER) || (frame->error & PF_RESERVED))
		keep_refuse(REASON_EXCEPTION);
	switch (memory_fault(address, need)) {
	case MEMORY_FAULT_SERVED:
		return;
	case MEMORY_FAULT_UNMAPPED:
		fault(frame, SIGSEGV, SEGV_MAPERR, address);
		return;
	case MEMORY_FAULT_DENIED:
		fault(frame, SIGSEGV, SEGV_ACCERR, address);
		return;
	default:
		keep_refuse(REASON_MEMORY_LEDGER);
	}
}

static void handle(struct trap_frame *frame, uint64_t address)
{
	switch (frame->vector) {
	case DE:
		fault(frame, SIGFPE, FPE_INTDIV, frame->rip);
		return;
	case DB:
		fault(frame, SIGTRAP, TRAP_TRACE, frame->rip);
		return;
	case BP:
		fault(frame, SIGTRAP, SI_KERNEL, 0);
		return;
	case OF: case BR: case TS: case NP: case SS: case GP:
		fault(frame, SIGSEGV, SI_KERNEL, 0);
		return;
	case UD:
		fault(frame, SIGILL, ILL_ILLOPN, frame->rip);
		return;
	case VECTOR_PF:
		page_fault(frame, address);
		return;
	case MF: case XM:
		fault(frame, SIGFPE, context_float_code(frame->vector == XM), frame->rip);
		return;
	case AC:
		fault(frame, SIGBUS, BUS_ADRALN, 0);
		return;
	default:
		keep_refuse(REASON_EXCEPTION);
	}
}

void trap_handle(struct trap_frame *frame)
{
	uint64_t address = read_cr2();

	if (frame->vector == VECTOR_SHOOTDOWN)
		return; /* trap_leave() catches up */
	core_lock();
	if (task_self()->ending)
		task_end(0);
	handle(frame, address);
	core_unlock();
}

void trap_leave(struct vcpu *vcpu, struct trap_frame *frame)
{
	frame->cs = SELECTOR_USER_CODE;
	frame->ss = SELECTOR_USER_DATA;
	frame->rflags = (frame->rflags & RFLAGS_USER) | RFLAGS_FIXED | RFLAGS_IF;
	__atomic_store_n(&vcpu->outside, 1, __ATOMIC_SEQ_CST);
	if (vcpu->flushed != __atomic_load_n(&paging_changes, __ATOMIC_SEQ_CST))
		paging_catch_up(vcpu);
}
