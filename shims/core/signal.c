/* SPDX-License-Identifier: Apache-2.0 */
/* Which signals are blocked, who takes one, and what it does. */
#include "include/signal.h"
#include "include/bytes.h"
#include "include/linux.h"
#include "include/platform.h"
#include "include/signalfd.h"
#include "include/task.h"
#include "include/wait.h"

#define SA_RESETHAND 0x80000000u
#define SA_RESTART 0x10000000u
#define SA_NODEFER 0x40000000u

static struct sigaction actions[SIGNALS + 1];

/* Sent to the process: for any task that does not block them. */
static struct signal_queue shared;

static struct task_signals *mine(void)
{
	return &task_self()->signals;
}

struct sigaction *signal_action(uint64_t number)
{
	return &actions[number];
}

uint64_t signal_blocked(void)
{
	return mine()->blocked;
}

uint64_t signal_pending(void)
{
	return mine()->own.set | shared.set;
}

struct stack_t *signal_stack(void)
{
	return &mine()->alternate;
}

bool signal_on_stack(uint64_t rsp)
{
	const struct stack_t *alternate = signal_stack();

	return !(alternate->flags & SS_DISABLE) && rsp - alternate->sp < alternate->size;
}

/* A system call looks at one word when it returns, and one that waits is told. */
static void tell(struct task *task)
{
	const struct task_signals *signals = &task->signals;

	platform_signal_due(task, ((signals->own.set | shared.set) & ~signals->blocked) != 0);
}

static bool is_wanted(const struct task *task, uint64_t set)
{
	return (set & (~task->signals.blocked | task->signals.awaited)) != 0;
}

/* Somebody who sleeps takes what was sent to the process; one who does not will find it when he next calls. */
static void offer(void)
{
	for (struct task *task = task_first(); shared.set != 0 && task != NULL; task = task->next) {
		if (!task->wait.asleep || !is_wanted(task, shared.set))
			continue;
		wait_wake(task);
		return;
	}
}

void signal_start(struct task *task, uint64_t blocked)
{
	task->signals = (struct task_signals){ .blocked = blocked, .alternate = { .flags = SS_DISABLE } };
	tell(task);
}

void signal_end(struct task *task)
{
	signal_queue_forget(&task->signals.own, ~0ull);
	offer();
}

void signal_block(uint64_t set)
{
	mine()->blocked = set & ~SIGNALS_UNBLOCKABLE;
	tell(task_self());
	offer();
}

void signal_block_until_handled(uint64_t set)
{
	struct task_signals *signals = mine();

	signals->until_handled = signals->blocked;
	signals->is_until_handled = true;
	signal_block(set);
}

void signal_block_again(void)
{
	struct task_signals *signals = mine();

	if (signals->is_until_handled) {
		signals->is_until_handled = false;
		signal_block(signals->until_handled);
	}
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

static bool is_ignored(uint64_t number)
{
	uint64_t handler = actions[number].handler;

	return handler == SIG_IGN || (handler == SIG_DFL && is_harmless(number));
}

void signal_forget(uint64_t number)
{
	signal_queue_forget(&shared, signal_bit(number));
	for (struct task *task = task_first(); task != NULL; task = task->next) {
		signal_queue_forget(&task->signals.own, signal_bit(number));
		tell(task);
	}
}

/* Whether a task would take the signal at once, the one that it is for or any, and none has asked to have it by itself. */
static bool is_taken(const struct task *to, uint64_t bit)
{
	bool taken = false;

	for (const struct task *task = task_first(); task != NULL; task = task->next) {
		if (to != NULL && task != to)
			continue;
		if (task->signals.awaited & bit)
			return false;
		taken = taken || !(task->signals.blocked & bit);
	}
	return taken;
}

long signal_send(struct task *to, const struct siginfo *info)
{
	uint64_t number = (uint64_t)info->number;
	long error;

	if (is_taken(to, signal_bit(number))) {
		if (is_ignored(number))
			return 0;
		if (actions[number].handler == SIG_DFL) {
			if (stops(number))
				return -ENOSYS;
			keep_end((uint32_t)number);
		}
	}
	error = signal_queue_add(to != NULL ? &to->signals.own : &shared, info);
	if (SIGNALFDS)
		signalfd_tell();
	if (to != NULL) {
		tell(to);
		if (is_wanted(to, signal_bit(number)))
			wait_wake(to);
		return error;
	}
	for (struct task *task = task_first(); task != NULL; task = task->next)
		tell(task);
	offer();
	return error;
}

void signal_reset(void)
{
	struct task_signals *signals = mine();

	for (uint64_t number = 1; number <= SIGNALS; number++)
		actions[number] = (struct sigaction){ .handler = actions[number].handler == SIG_IGN ? SIG_IGN : SIG_DFL };
	signals->alternate = (struct stack_t){ .flags = SS_DISABLE };
	signals->is_until_handled = false;
	signals->awaited = signals->interrupted = 0;
}

uint64_t signal_take(uint64_t set, struct siginfo *info)
{
	uint64_t number = signal_queue_take(&mine()->own, set, info);

	if (number == 0)
		number = signal_queue_take(&shared, set, info);
	tell(task_self());
	return number;
}

bool signal_claim(void)
{
	struct task_signals *signals = mine();
	struct siginfo info;
	uint64_t ready;

	if (task_self()->ending)
		return true; /* nothing is worth waiting for */
	while ((ready = signal_pending() & ~signals->blocked) != 0) {
		uint64_t number = (uint64_t)__builtin_ctzll(ready) + 1;

		if (!is_ignored(number) && !(actions[number].handler == SIG_DFL && stops(number))) {
			if (!(signals->own.set & signal_bit(number)) && signal_queue_take(&shared, signal_bit(number), &info))
				(void)signal_queue_add(&signals->own, &info);
			tell(task_self());
			return true;
		}
		signal_queue_forget(&signals->own, signal_bit(number));
		signal_queue_forget(&shared, signal_bit(number));
	}
	return false;
}

bool signal_restart(uint64_t number)
{
	if (!signal_claim())
		return false;
	mine()->interrupted = number + 1;
	return true;
}

/* A system call that a handler interrupts starts again after it, if the handler was installed so. */
static void resume_call(struct context *context, bool again)
{
	struct task_signals *signals = mine();

	if (signals->interrupted != 0 && again)
		platform_restart(context, signals->interrupted - 1);
	signals->interrupted = 0;
}

/* Calls the handler of a signal that is not blocked and has one. */
static bool call(struct context *context, const struct siginfo *info)
{
	struct sigaction *action = &actions[info->number];
	struct task_signals *signals = mine();
	uint64_t mask = signals->is_until_handled ? signals->until_handled : signals->blocked;

	resume_call(context, (action->flags & SA_RESTART) != 0);
	if (!signal_frame_put(context, action, info, mask))
		return false;
	signals->is_until_handled = false;
	signals->blocked |= action->mask;
	if (!(action->flags & SA_NODEFER))
		signals->blocked |= signal_bit((uint64_t)info->number);
	if (action->flags & SA_RESETHAND)
		action->handler = SIG_DFL;
	tell(task_self());
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

	if (handler == SIG_DFL || handler == SIG_IGN || (mine()->blocked & signal_bit((uint64_t)info->number)))
		return (unsigned)info->number;
	return call(context, info) ? 0 : no_room(context, info->number);
}

unsigned signal_deliver(struct context *context)
{
	struct task_signals *signals = mine();
	struct siginfo info;
	unsigned end = 0;

	/* Each on top of the one before, as if it had come at the first instruction of that one's handler. */
	while (!end && signal_take(~signals->blocked, &info)) {
		uint64_t number = (uint64_t)info.number;
		bool by_default = actions[number].handler == SIG_DFL;

		if (is_ignored(number) || (by_default && stops(number)))
			continue;
		if (by_default)
			end = (unsigned)info.number;
		else if (!call(context, &info))
			end = no_room(context, info.number);
	}
	if (signals->is_until_handled && !end) {
		/* Its handler was taken away between the wait and here: there is none to return from. */
		signals->is_until_handled = false;
		signal_block(signals->until_handled);
	}
	resume_call(context, true); /* if no handler was called */
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
		*signal_stack() = (struct stack_t){ rest.stack.sp, rest.stack.flags & ~SS_ONSTACK, 0, rest.stack.size };
	signal_block(rest.mask);
	return signal_deliver(context);
}
