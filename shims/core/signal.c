/* SPDX-License-Identifier: Apache-2.0 */
/* Which signals wait, which are blocked, and what each does. */
#include "include/signal.h"
#include "include/bytes.h"
#include "include/linux.h"
#include "include/platform.h"

#define SA_RESETHAND 0x80000000u
#define SA_NODEFER 0x40000000u

static struct sigaction actions[SIGNALS + 1];
static struct stack_t alternate = { 0, SS_DISABLE, 0, 0 };
static uint64_t blocked, pending;
static struct siginfo infos[SIGNALS + 1];

/* The mask that a handler's frame gives back when it is not `blocked`: of a call that blocks others while it waits. */
static uint64_t until_handled;
static bool is_until_handled;

struct sigaction *signal_action(uint64_t number)
{
	return &actions[number];
}

uint64_t signal_blocked(void)
{
	return blocked;
}

uint64_t signal_pending(void)
{
	return pending;
}

struct stack_t *signal_stack(void)
{
	return &alternate;
}

bool signal_on_stack(uint64_t rsp)
{
	return !(alternate.flags & SS_DISABLE) && rsp - alternate.sp < alternate.size;
}

/* A system call looks at one word when it returns. */
static void tell(void)
{
	platform_signal_due((pending & ~blocked) != 0);
}

void signal_block(uint64_t set)
{
	blocked = set & ~SIGNALS_UNBLOCKABLE;
	tell();
}

void signal_block_until_handled(uint64_t set)
{
	until_handled = blocked;
	is_until_handled = true;
	signal_block(set);
}

/* CHLD, CONT, URG and WINCH do nothing by default. */
static bool is_harmless(uint64_t number)
{
	return (1ull << number & (1ull << 17 | 1ull << 18 | 1ull << 23 | 1ull << 28)) != 0;
}

/* STOP, TSTP, TTIN and TTOU would stop the application, and nothing could continue it. */
static bool stops(uint64_t number)
{
	return number >= SIGSTOP && number <= 22;
}

void signal_forget(uint64_t number)
{
	pending &= ~signal_bit(number);
	tell();
}

long signal_send(const struct siginfo *info)
{
	uint64_t number = (uint64_t)info->number;
	uint64_t handler = actions[number].handler;
	bool waits = (blocked & signal_bit(number)) != 0;

	if (!waits && (handler == SIG_IGN || (handler == SIG_DFL && is_harmless(number))))
		return 0;
	if (!waits && handler == SIG_DFL) {
		if (stops(number))
			return -ENOSYS;
		keep_end((uint32_t)number);
	}
	if (!(pending & signal_bit(number)))
		infos[number] = *info;
	pending |= signal_bit(number);
	tell();
	return 0;
}

uint64_t signal_take(uint64_t set, struct siginfo *info)
{
	uint64_t ready = pending & set;
	uint64_t number;

	if (ready == 0)
		return 0;
	number = (uint64_t)__builtin_ctzll(ready) + 1;
	*info = infos[number];
	pending &= ~signal_bit(number);
	tell();
	return number;
}

/* Calls the handler of a signal that is not blocked and has one. */
static bool call(struct context *context, const struct siginfo *info)
{
	struct sigaction *action = &actions[info->number];
	uint64_t mask = is_until_handled ? until_handled : blocked;

	if (!signal_frame_put(context, action, info, mask))
		return false;
	is_until_handled = false;
	blocked |= action->mask;
	if (!(action->flags & SA_NODEFER))
		blocked |= signal_bit((uint64_t)info->number);
	if (action->flags & SA_RESETHAND)
		action->handler = SIG_DFL;
	tell();
	return true;
}

/* The stack has no room for a frame: SIGSEGV, on the alternate stack if its handler asks for that. */
static unsigned no_room(struct context *context, int32_t number)
{
	const struct siginfo info = { .number = SIGSEGV, .code = SI_KERNEL };

	return number == SIGSEGV ? SIGSEGV : signal_fault(context, &info);
}

unsigned signal_fault(struct context *context, const struct siginfo *info)
{
	uint64_t handler = actions[info->number].handler;

	if (handler == SIG_DFL || handler == SIG_IGN || (blocked & signal_bit((uint64_t)info->number)))
		return (unsigned)info->number;
	return call(context, info) ? 0 : no_room(context, info->number);
}

unsigned signal_deliver(struct context *context)
{
	struct siginfo info;
	unsigned end = 0;

	/* Each on top of the one before, as if it had come at the first instruction of that one's handler. */
	while (!end && signal_take(~blocked, &info)) {
		uint64_t handler = actions[info.number].handler;

		if (handler == SIG_IGN || (handler == SIG_DFL && (is_harmless((uint64_t)info.number) || stops((uint64_t)info.number))))
			continue;
		if (handler == SIG_DFL)
			end = (unsigned)info.number;
		else if (!call(context, &info))
			end = no_room(context, info.number);
	}
	if (is_until_handled && !end) {
		/* Nothing that had a handler: the call that waits has no reason to return, and nobody is left to give it one. */
		is_until_handled = false;
		signal_block(until_handled);
	}
	return end;
}

unsigned signal_return(struct context *context)
{
	struct frame_rest rest;

	if (!signal_frame_get(context, &rest)) {
		const struct siginfo info = { .number = SIGSEGV, .code = SI_KERNEL };

		return signal_fault(context, &info);
	}
	if (!signal_on_stack(context->registers.rsp) && (rest.stack.flags & SS_DISABLE || rest.stack.size >= MINSIGSTKSZ))
		alternate = (struct stack_t){ rest.stack.sp, rest.stack.flags & ~SS_ONSTACK, 0, rest.stack.size };
	signal_block(rest.mask);
	return signal_deliver(context);
}
