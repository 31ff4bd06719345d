/* SPDX-License-Identifier: Apache-2.0 */
/* The application as a trap frame and its vCPU's extended state have it, for signals. */
#include "include/trap.h"
#include "include/vm_keep.h"
#include "../core/generated/sgx.h"
#include "../core/include/linux.h"
#include "../core/include/platform.h"
#include "../core/include/signal.h"

/* Of `syscall`, which both ways into a system call end with. */
#define SYSCALL_BYTES 2

#define EACH_REGISTER(X) \
	X(r8) X(r9) X(r10) X(r11) X(r12) X(r13) X(r14) X(r15) \
	X(rdi) X(rsi) X(rbp) X(rbx) X(rdx) X(rax) X(rcx) X(rsp) X(rip) X(rflags)

/* x87 and SSE exceptions share the order of their bits: IE DE ZE OE UE PE. */
#define FLOAT_INVALID 0x01u
#define FLOAT_DENORMAL 0x02u
#define FLOAT_DIVIDE 0x04u
#define FLOAT_OVERFLOW 0x08u
#define FLOAT_UNDERFLOW 0x10u
#define FLOAT_ALL 0x3fu
#define MXCSR_MASKS_SHIFT 7

void context_load(struct context *context, const struct trap_frame *frame)
{
	struct vcpu *self = vcpu_self();

	state_save(self);
	*context = (struct context){
		.state = self->xsave,
		.state_size = state_size(),
		.components = vm_info()->xcr0,
	};
#define LOAD(name) context->registers.name = frame->name;
	EACH_REGISTER(LOAD)
#undef LOAD
	if (frame->vector < VECTORS) {
		context->vector = frame->vector;
		context->error = frame->error;
	}
	if (frame->vector == VECTOR_PF)
		context->fault_address = read_cr2();
}

void context_store(const struct context *context, struct trap_frame *frame)
{
#define STORE(name) frame->name = context->registers.name;
	EACH_REGISTER(STORE)
#undef STORE
	/* IRET would fault on it in ring 0. In ring 3 it would be the fault that it is. */
	if (frame->rip >> 47 != 0)
		keep_end(SIGSEGV);
	state_load(vcpu_self());
}

/* In the order in which Linux looks. */
static int32_t float_code(uint32_t raised)
{
	if (raised & FLOAT_INVALID)
		return FPE_FLTINV;
	if (raised & FLOAT_DIVIDE)
		return FPE_FLTDIV;
	if (raised & FLOAT_OVERFLOW)
		return FPE_FLTOVF;
	if (raised & (FLOAT_DENORMAL | FLOAT_UNDERFLOW))
		return FPE_FLTUND;
	return FPE_FLTRES;
}

int32_t context_float_code(bool sse)
{
	struct vcpu *self = vcpu_self();
	const struct xsave_legacy *legacy = (const struct xsave_legacy *)self->xsave;

	state_save(self);
	if (sse)
		return float_code(legacy->mxcsr & ~(legacy->mxcsr >> MXCSR_MASKS_SHIFT) & FLOAT_ALL);
	return float_code(legacy->fsw & ~(uint32_t)legacy->fcw & FLOAT_ALL);
}

void platform_restart(struct context *context, uint64_t number)
{
	context->registers.rip -= SYSCALL_BYTES;
	context->registers.rax = number;
}
