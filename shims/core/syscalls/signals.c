/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls about signals; signal.c keeps what they say. */
#include "../include/bytes.h"
#include "../include/clock.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/signal.h"
#include "../include/syscall.h"
#include "../include/task.h"
#include "../include/user.h"
#include "../include/wait.h"

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

static bool is_known(uint64_t number)
{
	return number >= 1 && number <= SIGNALS;
}

long sys_rt_sigaction(const struct syscall_frame *frame)
{
	uint64_t number = frame->arg[0];
	struct sigaction action, old;

	if (frame->arg[3] != SIGNAL_SET_BYTES || !is_known(number))
		return -EINVAL;
	old = *signal_action(number);
	if (frame->arg[1] != 0) {
		if (number == SIGKILL || number == SIGSTOP)
			return -EINVAL;
		if (user_get(&action, frame->arg[1], sizeof(action)))
			return -EFAULT;
		action.mask &= ~SIGNALS_UNBLOCKABLE;
		*signal_action(number) = action;
		if (action.handler == SIG_IGN)
			signal_forget(number);
	}
	return frame->arg[2] == 0 ? 0 : user_put(frame->arg[2], &old, sizeof(old));
}

long sys_rt_sigprocmask(const struct syscall_frame *frame)
{
	uint64_t set, old = signal_blocked();

	if (frame->arg[3] != SIGNAL_SET_BYTES)
		return -EINVAL;
	if (frame->arg[1] != 0) {
		if (user_get(&set, frame->arg[1], sizeof(set)))
			return -EFAULT;
		switch (frame->arg[0]) {
		case SIG_BLOCK:
			set = old | set;
			break;
		case SIG_UNBLOCK:
			set = old & ~set;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		signal_block(set);
	}
	return frame->arg[2] == 0 ? 0 : user_put(frame->arg[2], &old, sizeof(old));
}

long sys_rt_sigpending(const struct syscall_frame *frame)
{
	uint64_t now = signal_pending() & signal_blocked();

	return frame->arg[1] > SIGNAL_SET_BYTES ? -EINVAL : user_put(frame->arg[0], &now, frame->arg[1]);
}

/* Waits for a handler, with other signals blocked meanwhile. */
long sys_rt_sigsuspend(const struct syscall_frame *frame)
{
	uint64_t set;
	long result = 0;

	if (frame->arg[1] != SIGNAL_SET_BYTES)
		return -EINVAL;
	if (user_get(&set, frame->arg[0], sizeof(set)))
		return -EFAULT;
	signal_block_until_handled(set);
	while (result != -EINTR)
		result = wait_event(NULL, 0, NULL);
	return result;
}

/* Until one of `set` is taken: its number, or a negative errno. */
static long take(uint64_t set, const struct timespec *deadline, struct siginfo *info)
{
	struct task_signals *signals = &task_self()->signals;
	long result = 0;
	uint64_t number;

	signals->awaited = set;
	while ((number = signal_take(set, info)) == 0 && result == 0)
		result = wait_event(NULL, 0, deadline);
	signals->awaited = 0;
	return number ? (long)number : result == -ETIMEDOUT ? -EAGAIN : result;
}

long sys_rt_sigtimedwait(const struct syscall_frame *frame)
{
	struct timespec deadline;
	struct siginfo info;
	bool timed = frame->arg[2] != 0;
	uint64_t set;
	long result;

	if (frame->arg[3] != SIGNAL_SET_BYTES)
		return -EINVAL;
	if (user_get(&set, frame->arg[0], sizeof(set)) || (timed && user_get(&deadline, frame->arg[2], sizeof(deadline))))
		return -EFAULT;
	if (timed) {
		if (!timespec_is_valid(&deadline))
			return -EINVAL;
		result = wait_deadline(&deadline, &deadline);
		if (result)
			return result;
	}
	result = take(set & ~SIGNALS_UNBLOCKABLE, timed ? &deadline : NULL, &info);
	if (result > 0 && frame->arg[1] != 0 && user_put(frame->arg[1], &info, sizeof(info)))
		return -EFAULT;
	return result;
}

/* By way of `syscall` the platform serves it, where the registers are. A call of it has no frame to return from. */
long sys_rt_sigreturn(const struct syscall_frame *frame)
{
	(void)frame;
	keep_end(SIGSEGV);
}

long sys_sigaltstack(const struct syscall_frame *frame)
{
	bool on = signal_on_stack(platform_exec_rsp());
	struct stack_t stack, old = *signal_stack();

	if (on)
		old.flags |= SS_ONSTACK;
	if (frame->arg[0] != 0) {
		uint32_t mode;

		if (user_get(&stack, frame->arg[0], sizeof(stack)))
			return -EFAULT;
		if (on)
			return -EPERM;
		mode = (uint32_t)stack.flags & ~SS_AUTODISARM;
		if (mode > SS_DISABLE)
			return -EINVAL;
		if (mode == SS_DISABLE)
			stack = (struct stack_t){ .flags = SS_DISABLE };
		else if (stack.size < MINSIGSTKSZ)
			return -ENOMEM;
		stack.flags &= ~SS_ONSTACK;
		stack.pad = 0;
		*signal_stack() = stack;
	}
	return frame->arg[1] == 0 ? 0 : user_put(frame->arg[1], &old, sizeof(old));
}

static long send(struct task *to, uint64_t number, int32_t code)
{
	const struct siginfo info = { .number = (int32_t)number, .code = code, .sender = { .pid = TASK_FIRST } };

	if (number == 0)
		return 0;
	return is_known(number) ? signal_send(to, &info) : -EINVAL;
}

/* The process can be named by each of its threads, and by the first when that has ended. */
static bool is_here(int32_t pid)
{
	return pid == TASK_FIRST || (pid > 0 && task_find((uint32_t)pid) != NULL);
}

long sys_kill(const struct syscall_frame *frame)
{
	int32_t pid = (int32_t)frame->arg[0];

	/* Its group, all: the one process. */
	return (pid > 0 ? !is_here(pid) : pid < -TASK_FIRST) ? -ESRCH : send(NULL, frame->arg[1], SI_USER);
}

static long send_to(uint64_t task, uint64_t number)
{
	struct task *to = task_find((uint32_t)task);

	if ((int32_t)task <= 0)
		return -EINVAL;
	return to == NULL ? -ESRCH : send(to, number, SI_TKILL);
}

long sys_tkill(const struct syscall_frame *frame)
{
	return send_to(frame->arg[0], frame->arg[1]);
}

long sys_tgkill(const struct syscall_frame *frame)
{
	int32_t group = (int32_t)frame->arg[0];

	if (group <= 0)
		return -EINVAL;
	return group != TASK_FIRST ? -ESRCH : send_to(frame->arg[1], frame->arg[2]);
}

/* sigqueue(): a value goes along, and the code is the sender's to choose, so far as it is not the kernel's. */
static long queue(struct task *to, uint64_t number, uint64_t from)
{
	struct siginfo info;

	if (user_get(&info, from, sizeof(info)))
		return -EFAULT;
	if (!is_known(number))
		return number == 0 ? 0 : -EINVAL;
	info.number = (int32_t)number;
	return signal_send(to, &info);
}

long sys_rt_sigqueueinfo(const struct syscall_frame *frame)
{
	return is_here((int32_t)frame->arg[0]) ? queue(NULL, frame->arg[1], frame->arg[2]) : -ESRCH;
}

long sys_rt_tgsigqueueinfo(const struct syscall_frame *frame)
{
	struct task *to = task_find((uint32_t)frame->arg[1]);

	if ((int32_t)frame->arg[0] <= 0 || (int32_t)frame->arg[1] <= 0)
		return -EINVAL;
	if (frame->arg[0] != TASK_FIRST || to == NULL)
		return -ESRCH;
	return queue(to, frame->arg[2], frame->arg[3]);
}
