/* SPDX-License-Identifier: Apache-2.0 */
/* The application as an SSA frame has it, for signals. */
#include "include/sgx_keep.h"
#include "../core/include/linux.h"
#include "../core/include/memory.h"
#include "../core/include/platform.h"
#include "../core/include/signal.h"

/* Of `syscall`. */
#define SYSCALL_BYTES 2

#define EACH_REGISTER(X) \
	X(r8) X(r9) X(r10) X(r11) X(r12) X(r13) X(r14) X(r15) \
	X(rdi) X(rsi) X(rbp) X(rbx) X(rdx) X(rax) X(rcx) X(rsp) X(rip) X(rflags)

void context_load(struct context *context, uint8_t *frame)
{
	const struct gprsgx *gpr = (const struct gprsgx *)(frame + FRAME_GPRSGX);
	const struct exinfo *info = (const struct exinfo *)(frame + FRAME_EXINFO);
	uint64_t xfrm = keep_info()->xfrm;

	*context = (struct context){
		.state = frame,
		.state_size = xsave_size(xfrm),
		.components = xfrm,
		.vector = gpr->exitinfo & EXITINFO_VECTOR_MASK,
	};
#define LOAD(name) context->registers.name = gpr->name;
	EACH_REGISTER(LOAD)
#undef LOAD
	if (context->vector == EXIT_VECTOR_PF) {
		context->error = info->errcd;
		context->fault_address = info->maddr;
	}
}

void context_store(const struct context *context, uint8_t *frame)
{
	struct gprsgx *gpr = (struct gprsgx *)(frame + FRAME_GPRSGX);

#define STORE(name) gpr->name = context->registers.name;
	EACH_REGISTER(STORE)
#undef STORE
}

void platform_restart(struct context *context, uint64_t number)
{
	struct registers *registers = &context->registers;
	uint64_t rsp = registers->rsp - sizeof(uint64_t);

	if (thread_self()->trapped) {
		registers->rip -= SYSCALL_BYTES;
	} else if (!memory_touch(rsp, sizeof(uint64_t), PERM_R | PERM_W)) {
		/* Called again, with the return address where the call had put it. */
		*(uint64_t *)rsp = registers->rip;
		registers->rsp = rsp;
		registers->rip = (uint64_t)landing_direct;
	} else {
		return; /* its stack is gone: EINTR it stays */
	}
	registers->rax = number;
}
