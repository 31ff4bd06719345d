/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals' bookkeeping. Nobody but the application itself sends any; one that it sends to itself has its default
 * action, or none when it ignores it. Handlers are remembered but not run: sending to oneself what has one is ENOSYS.
 */
#include "../include/bytes.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define SIGNALS 64
#define SET_BYTES 8
#define SIG_DFL 0
#define SIG_IGN 1
#define SS_DISABLE 2
#define SS_AUTODISARM 0x80000000u
#define MINSIGSTKSZ 2048

/* As the kernel's, not the C library's. */
struct sigaction {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

struct stack_t {
	uint64_t sp;
	int32_t flags;
	uint32_t pad;
	uint64_t size;
};

static struct sigaction actions[SIGNALS + 1];
static struct stack_t alternate = { 0, SS_DISABLE, 0, 0 };
static uint64_t blocked, pending;

static uint64_t bit(uint64_t number)
{
	return 1ull << (number - 1);
}

#define UNBLOCKABLE (1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1))

/* CHLD, CONT, URG, WINCH are ignored by default; STOP, TSTP, TTIN and TTOU would stop a process, which nothing here could continue. */
static bool is_harmless(uint64_t number)
{
	return (1ull << number & (1ull << 17 | 1ull << 18 | 1ull << 23 | 1ull << 28)) != 0;
}

static long deliver(uint64_t number)
{
	uint64_t handler = actions[number].handler;

	if (number != SIGKILL && number != SIGSTOP) {
		if (blocked & bit(number)) {
			pending |= bit(number);
			return 0;
		}
		if (handler == SIG_IGN || (handler == SIG_DFL && is_harmless(number)))
			return 0;
		if (handler != SIG_DFL)
			return -ENOSYS;
	}
	if (number >= SIGSTOP && number <= 22)
		return -ENOSYS; /* stopping: there is nobody to continue it */
	keep_end((uint32_t)number);
}

long sys_rt_sigaction(const struct syscall_frame *frame)
{
	uint64_t number = frame->arg[0];
	struct sigaction action, old;

	if (frame->arg[3] != SET_BYTES || number == 0 || number > SIGNALS)
		return -EINVAL;
	old = actions[number];
	if (frame->arg[1] != 0) {
		if (number == SIGKILL || number == SIGSTOP)
			return -EINVAL;
		if (user_get(&action, frame->arg[1], sizeof(action)))
			return -EFAULT;
		action.mask &= ~UNBLOCKABLE;
		actions[number] = action;
	}
	return frame->arg[2] == 0 ? 0 : user_put(frame->arg[2], &old, sizeof(old));
}

/* Signals that were sent while they were blocked. */
static void deliver_pending(void)
{
	for (uint64_t number = 1; number <= SIGNALS; number++) {
		if (!(pending & ~blocked & bit(number)))
			continue;
		pending &= ~bit(number);
		(void)deliver(number);
	}
}

long sys_rt_sigprocmask(const struct syscall_frame *frame)
{
	uint64_t set, old = blocked;

	if (frame->arg[3] != SET_BYTES)
		return -EINVAL;
	if (frame->arg[1] != 0) {
		if (user_get(&set, frame->arg[1], sizeof(set)))
			return -EFAULT;
		if (frame->arg[0] > 2)
			return -EINVAL;
		/* SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK */
		blocked = frame->arg[0] == 0 ? old | set : frame->arg[0] == 1 ? old & ~set : set;
		blocked &= ~UNBLOCKABLE;
	}
	if (frame->arg[2] != 0 && user_put(frame->arg[2], &old, sizeof(old)))
		return -EFAULT;
	deliver_pending();
	return 0;
}

long sys_rt_sigpending(const struct syscall_frame *frame)
{
	uint64_t now = pending & blocked;

	return frame->arg[1] > SET_BYTES ? -EINVAL : user_put(frame->arg[0], &now, frame->arg[1]);
}

long sys_sigaltstack(const struct syscall_frame *frame)
{
	struct stack_t stack, old = alternate;

	if (frame->arg[0] != 0) {
		uint32_t mode;

		if (user_get(&stack, frame->arg[0], sizeof(stack)))
			return -EFAULT;
		mode = (uint32_t)stack.flags & ~SS_AUTODISARM;
		if (mode > SS_DISABLE)
			return -EINVAL;
		if (mode == SS_DISABLE)
			stack = (struct stack_t){ 0, stack.flags, 0, 0 };
		else if (stack.size < MINSIGSTKSZ)
			return -ENOMEM;
		alternate = stack;
	}
	return frame->arg[1] == 0 ? 0 : user_put(frame->arg[1], &old, sizeof(old));
}

static long send(uint64_t number)
{
	if (number > SIGNALS)
		return -EINVAL;
	return number == 0 ? 0 : deliver(number);
}

long sys_kill(const struct syscall_frame *frame)
{
	int32_t pid = (int32_t)frame->arg[0];

	return pid > 1 || pid < -1 ? -ESRCH : send(frame->arg[1]); /* itself, its group, all: the one process */
}

long sys_tkill(const struct syscall_frame *frame)
{
	return frame->arg[0] != 1 ? -ESRCH : send(frame->arg[1]);
}

long sys_tgkill(const struct syscall_frame *frame)
{
	return frame->arg[0] != 1 || frame->arg[1] != 1 ? -ESRCH : send(frame->arg[2]);
}
