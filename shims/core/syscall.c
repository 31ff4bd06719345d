/* SPDX-License-Identifier: Apache-2.0 */
#include "include/syscall.h"
#include "include/debug.h"
#include "include/linux.h"
#include "include/lock.h"
#include "include/platform.h"
#include "include/signal.h"
#include "include/task.h"
#include "include/timer.h"

/* A comparison tree and not a table of addresses: there are no indirect calls in the shim (docs/adr/0005). */
static long serve(const struct syscall_frame *frame)
{
	switch (frame->number) {
#define SERVE(number, name) \
	case number:        \
		return sys_##name(frame);
	SHIM_SYSCALLS(SERVE)
#undef SERVE
	default:
		return -ENOSYS;
	}
}

/* Calls whose answer never changes: nothing is looked at that others could change. */
static bool is_constant(uint64_t number)
{
	switch (number) {
	case 24:           /* sched_yield: the lock is what others may wait for */
	case 39:           /* getpid */
	case 102: case 104: case 107: case 108: case 110: case 111: /* user, group, parent */
	case 186:          /* gettid: its own */
		return true;
	default:
		return false;
	}
}

/* What SA_RESTART is for (signal(7)); the others that wait return EINTR whatever the handler wants. */
static bool is_restarted(const struct syscall_frame *frame)
{
	switch (frame->number) {
	case 0: case 1:             /* read, write */
	case 2: case 16: case 19: case 20: /* open, ioctl, readv, writev */
	case 85: case 437:          /* creat, openat2 */
	case 275: case 276: case 278: /* splice, tee, vmsplice */
	case 42: case 43: case 44: case 45: case 46: case 47: /* connect, accept, sendto, recvfrom, sendmsg, recvmsg */
	case 61: case 72: case 73:  /* wait4, fcntl, flock */
	case 247: case 257: case 288: case 299: case 307: case 318: /* waitid, openat, accept4, recvmmsg, sendmmsg, getrandom */
		return true;
	case 202:                   /* futex; with a time left, it is not */
		return frame->arg[3] == 0;
	default:
		return false;
	}
}

/* Where the lock is taken, and before it is given up: another task may have replaced the program. */
static void end_if_asked(void)
{
	if (SHIM_THREADS && task_self()->ending)
		task_end(0);
}

uint64_t syscall_dispatch(const struct syscall_frame *frame)
{
	long result;

	debug_call(frame);
	if (is_constant(frame->number)) {
		result = serve(frame);
	} else {
		core_lock();
		end_if_asked();
		if (TIMERS && timers_armed)
			timers_send();
		result = serve(frame);
		end_if_asked();
		if (result == -EINTR && is_restarted(frame))
			(void)signal_restart(frame->number);
		core_unlock();
	}
	debug_result(frame, result);
	return (uint64_t)result;
}
