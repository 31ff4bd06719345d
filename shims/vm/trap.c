/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls and exceptions of ring 3. A page fault goes to the ledger; what the exec did wrong becomes a signal, as of
 * Linux. What the CPU would never do is the host's doing, and ends the Keep (SECURITY.md, rule 13).
 */
#include "include/tee.h"
#include "include/trap.h"
#include "include/vm_keep.h"
#include "shim_config.h"
#include "../core/generated/hostcall_guest.h"
#include "../core/include/fault.h"
#include "../core/include/linux.h"
#include "../core/include/lock.h"
#include "../core/include/memory.h"
#include "../core/include/platform.h"
#include "../core/include/signal.h"
#include "../core/include/syscall.h"

#define SYS_RT_SIGRETURN 15

/* A page fault's error code: the access was a write, or of an instruction. */
#define PF_WRITE 0x2
#define PF_USER 0x4
#define PF_RESERVED 0x8
#define PF_CODE 0x10

/* Of the error codes that name a selector or a gate: the fault came while something from outside was delivered. */
#define SELECTOR_EXTERNAL 0x1

_Static_assert(__builtin_offsetof(struct trap_frame, rdi) == __builtin_offsetof(struct syscall_frame, arg), "frame");

static void end_if(unsigned number)
{
	if (number != 0)
		keep_end(number);
}

static void fault(struct trap_frame *frame, const struct siginfo *info)
{
	struct context context;

	context_load(&context, frame);
	end_if(signal_fault(&context, info));
	context_store(&context, frame);
}

static void segv(struct trap_frame *frame, int32_t code, uint64_t address)
{
	const struct siginfo info = { .number = SIGSEGV, .code = code, .address = address };

	fault(frame, &info);
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
	frame->rax = syscall_dispatch(frame->rdi, frame->rsi, frame->rdx, frame->rax, (const struct syscall_frame *)frame);
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
		segv(frame, SEGV_MAPERR, address);
		return;
	case MEMORY_FAULT_DENIED:
		segv(frame, SEGV_ACCERR, address);
		return;
	default:
		keep_refuse(REASON_MEMORY_LEDGER);
	}
}

/* An interrupt that has no gate, or an exception whose gate was not reached: no instruction of ring 3 does that. */
static bool is_from_outside(const struct trap_frame *frame)
{
	return frame->vector >= FAULT_TS && frame->vector <= FAULT_GP && (frame->error & SELECTOR_EXTERNAL);
}

static void handle(struct trap_frame *frame, uint64_t address)
{
	struct vcpu *self = vcpu_self();
	struct siginfo info;

	if (frame->vector == FAULT_PF) {
		page_fault(frame, address);
		return;
	}
	if (frame->vector == VECTOR_VC) {
		bool done = tee_exception(frame);

		frame->vector = done ? FAULT_DB : FAULT_UD; /* after a step; as on a machine without the feature */
		frame->error = 0;
		if (done)
			return;
	}
	state_save(self); /* a floating-point exception is told by its flags */
	if (is_from_outside(frame) || !tee_is_plausible(frame) || !fault_signal(frame->vector, frame->rip, self->xsave, &info))
		keep_refuse(REASON_EXCEPTION);
	fault(frame, &info);
}

#ifdef SHIM_HAS_DEBUG
/*
 * INT3 and single steps are a debugger's, if one is there, and so may be code that cannot be executed: gdb has functions that it calls
 * return to an INT3 on the stack. The thread stands still in the host call, and the frame is then as the debugger wants it.
 */
static bool is_debuggers(const struct trap_frame *frame)
{
	struct trace_event event = { .number = frame->vector };
	bool may = frame->vector == FAULT_DB || frame->vector == FAULT_BP ||
		   (frame->vector == FAULT_PF && (frame->error & PF_CODE));

	return may && host_trace(platform_call(), TRACE_STOPS, task_self()->number, &event) == TRACE_GO_ON;
}
#endif

void trap_handle(struct trap_frame *frame, uint64_t address)
{
	uint64_t vector = frame->vector;

	if (frame->vector == VECTOR_SHOOTDOWN)
		return; /* trap_leave() catches up */
#ifdef SHIM_HAS_DEBUG
	if (is_debuggers(frame))
		return;
#endif
	vcpu_self()->fault_address = address;
	core_lock();
	if (SHIM_THREADS && task_self()->ending)
		task_end(0);
	handle(frame, address);
	core_unlock();
	if (vector == VECTOR_VC && frame->vector == FAULT_DB && (frame->rflags & RFLAGS_TF))
		trap_handle(frame, address); /* the instruction is done, and was a single step */
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
