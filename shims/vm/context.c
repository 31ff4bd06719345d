/* SPDX-License-Identifier: Apache-2.0 */
/* The application as a trap frame and its vCPU's extended state have it, for signals. */
#include "include/trap.h"
#include "include/vm_keep.h"
#include "../core/include/fault.h"
#include "../core/include/linux.h"
#include "../core/include/platform.h"
#include "../core/include/signal.h"

/* Of `syscall`, which both ways into a system call end with. */
#define SYSCALL_BYTES 2

#define EACH_REGISTER(X) \
	X(r8) X(r9) X(r10) X(r11) X(r12) X(r13) X(r14) X(r15) \
	X(rdi) X(rsi) X(rbp) X(rbx) X(rdx) X(rax) X(rcx) X(rsp) X(rip) X(rflags)

void context_load(struct context *context, const struct trap_frame *frame)
{
	struct vcpu *self = vcpu_self();

	state_save(self);
	*context = (struct context){
		.state = self->xsave,
		.state_size = state_size(),
		.components = state_components(),
	};
#define LOAD(name) context->registers.name = frame->name;
	EACH_REGISTER(LOAD)
#undef LOAD
	if (frame->vector < VECTORS) {
		context->vector = frame->vector;
		context->error = frame->error;
	}
	if (frame->vector == FAULT_PF)
		context->fault_address = self->fault_address;
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

void platform_restart(struct context *context, uint64_t number)
{
	context->registers.rip -= SYSCALL_BYTES;
	context->registers.rax = number;
}
