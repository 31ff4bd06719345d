/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame that a handler runs on: struct rt_sigframe of Linux on x86-64, bit for bit, since debuggers, unwinders and
 * garbage collectors read it. arch/x86/include/uapi/asm/{sigcontext,ucontext}.h.
 */
#include "include/bytes.h"
#include "include/linux.h"
#include "include/memory.h"
#include "include/signal.h"
#include "include/user.h"

#define SA_ONSTACK 0x08000000u
#define SA_RESTORER 0x04000000u

#define UC_FP_XSTATE 1
#define UC_SIGCONTEXT_SS 2
#define UC_STRICT_RESTORE_SS 4
#define USER_CS 0x33
#define USER_SS 0x2b
#define RED_ZONE 128

/* Flags that are the application's own: AC OF DF SF ZF AF PF CF. TF is not: nothing in a Keep is stepped. */
#define FLAGS_OWN 0x40cd5ull
/* DF, TF and RF are clear when a handler starts. */
#define FLAGS_HANDLER_CLEARS 0x10500ull

struct sigcontext {
	struct registers registers;
	uint16_t cs, gs, fs, ss;
	uint64_t error, vector, old_mask, fault_address;
	uint64_t state;
	uint64_t reserved[8];
};
_Static_assert(sizeof(struct sigcontext) == 256, "sigcontext");

struct rt_sigframe {
	uint64_t restorer;
	uint64_t flags, link;
	struct stack_t stack;
	struct sigcontext context;
	uint64_t mask;
	struct siginfo info;
};
_Static_assert(sizeof(struct rt_sigframe) == 440, "rt_sigframe");

/* struct _fpx_sw_bytes, in bytes of the XSAVE image that the CPU does not use: what else there is of it. */
struct state_note {
	uint32_t magic;
	uint32_t size_with_end;
	uint64_t components;
	uint32_t size;
	uint32_t pad[7];
};
#define STATE_NOTE_AT 464
#define STATE_MAGIC 0x46505853u
#define STATE_END_MAGIC 0x46505845u
#define STATE_LEGACY 512
#define STATE_MXCSR_AT 24
#define STATE_HEADER 64
#define MXCSR_INIT 0x1f80u
#define MXCSR_DEFINED 0xffffu

struct state_header {
	uint64_t present;
	uint64_t compacted;
	uint64_t reserved[6];
};

/* Writes the XSAVE image and its note to memory that has been touched. */
static void put_state(const struct context *context, uint64_t to)
{
	const struct state_note note = { .magic = STATE_MAGIC,
					 .size_with_end = context->state_size + (uint32_t)sizeof(uint32_t),
					 .components = context->components,
					 .size = context->state_size };
	const uint32_t end = STATE_END_MAGIC;

	memcpy((void *)to, context->state, context->state_size);
	memcpy((void *)(to + STATE_NOTE_AT), &note, sizeof(note));
	memcpy((void *)(to + context->state_size), &end, sizeof(end));
}

/* As after reset: what a handler starts with, and what a frame without state gives back. */
static void reset_state(struct context *context)
{
	const uint32_t mxcsr = MXCSR_INIT;

	memset(context->state + STATE_LEGACY, 0, STATE_HEADER);
	memcpy(context->state + STATE_MXCSR_AT, &mxcsr, sizeof(mxcsr));
}

/* Whether the image at `from`, whose first part is in place already, goes on beyond x87 and SSE. */
static bool has_more(const struct context *context, uint64_t from)
{
	struct state_note note;
	uint32_t end;

	memcpy(&note, context->state + STATE_NOTE_AT, sizeof(note));
	if (note.magic != STATE_MAGIC || note.size != context->state_size)
		return false;
	return !user_get(&end, from + context->state_size, sizeof(end)) && end == STATE_END_MAGIC;
}

/* Takes an XSAVE image of the application's making: nothing in it may fault when it is loaded. */
static bool get_state(struct context *context, uint64_t from)
{
	struct state_header header = { .present = 3 };
	uint32_t mxcsr;

	if (from == 0) {
		reset_state(context);
		return true;
	}
	if (user_get(context->state, from, STATE_LEGACY))
		return false;
	if (has_more(context, from)) {
		if (user_get(context->state + STATE_LEGACY, from + STATE_LEGACY, context->state_size - STATE_LEGACY))
			return false;
		memcpy(&header.present, context->state + STATE_LEGACY, sizeof(header.present));
		header.present &= context->components;
	}
	memcpy(context->state + STATE_LEGACY, &header, sizeof(header));
	memcpy(&mxcsr, context->state + STATE_MXCSR_AT, sizeof(mxcsr));
	mxcsr &= MXCSR_DEFINED;
	memcpy(context->state + STATE_MXCSR_AT, &mxcsr, sizeof(mxcsr));
	return true;
}

/* Where the frame's stack begins: the alternate one, or below the red zone. */
static uint64_t stack_for(const struct context *context, const struct sigaction *action)
{
	const struct stack_t *alternate = signal_stack();
	uint64_t rsp = context->registers.rsp;

	if ((action->flags & SA_ONSTACK) && !(alternate->flags & SS_DISABLE) && !signal_on_stack(rsp))
		return alternate->sp + alternate->size;
	return rsp - RED_ZONE;
}

bool signal_frame_put(struct context *context, const struct sigaction *action, const struct siginfo *info, uint64_t mask)
{
	struct registers *registers = &context->registers;
	uint64_t top = stack_for(context, action);
	/* The image is aligned for XSAVE, the handler's RSP as a call leaves it. */
	uint64_t state = (top - context->state_size - sizeof(uint32_t)) & ~63ull;
	uint64_t at = ((state - sizeof(struct rt_sigframe)) & ~15ull) - sizeof(uint64_t);
	struct rt_sigframe *frame = (struct rt_sigframe *)at;
	struct stack_t *alternate = signal_stack();

	/* Linux on x86-64 wants the restorer too; every C library gives one. */
	if (!(action->flags & SA_RESTORER) || at > top || memory_touch(at, top - at, PERM_R | PERM_W))
		return false;
	put_state(context, state);
	memset(frame, 0, sizeof(*frame));
	frame->restorer = action->restorer;
	frame->flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	frame->stack = *alternate;
	frame->context.registers = *registers;
	frame->context.cs = USER_CS;
	frame->context.ss = USER_SS;
	frame->context.error = context->error;
	frame->context.vector = context->vector;
	frame->context.old_mask = mask;
	frame->context.fault_address = context->fault_address;
	frame->context.state = state;
	frame->mask = mask;
	frame->info = *info;
	if ((uint32_t)alternate->flags & SS_AUTODISARM)
		*alternate = (struct stack_t){ .flags = SS_DISABLE };

	registers->rdi = (uint64_t)info->number;
	registers->rsi = (uint64_t)&frame->info;
	registers->rdx = (uint64_t)&frame->flags;
	registers->rax = 0;
	registers->rsp = at;
	registers->rip = action->handler;
	registers->rflags &= ~FLAGS_HANDLER_CLEARS;
	reset_state(context);
	return true;
}

bool signal_frame_get(struct context *context, struct frame_rest *rest)
{
	struct registers *registers = &context->registers;
	/* The handler's `ret` has taken the restorer. */
	uint64_t at = registers->rsp - sizeof(uint64_t);
	uint64_t flags = registers->rflags;
	struct rt_sigframe frame;

	if (user_get(&frame, at, sizeof(frame)) || frame.context.registers.rip >> 47 != 0)
		return false;
	if (!get_state(context, frame.context.state))
		return false;
	*registers = frame.context.registers;
	registers->rflags = (flags & ~FLAGS_OWN) | (registers->rflags & FLAGS_OWN);
	rest->stack = frame.stack;
	rest->mask = frame.mask;
	return true;
}
