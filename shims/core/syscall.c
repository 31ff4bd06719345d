/* SPDX-License-Identifier: Apache-2.0 */
#include "include/syscall.h"
#include "include/debug.h"
#include "include/linux.h"
#include "include/lock.h"
#include "include/platform.h"
#include "include/quick.h"
#include "include/signal.h"
#include "include/task.h"
#include "include/timer.h"

/* A comparison tree and not a table of addresses: there are no indirect calls in the shim (docs/adr/0005). */
static long serve(uint64_t number, const struct syscall_frame *frame)
{
	switch (number) {
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

/* Calls that quick.h knows, where the shim serves them. The lock is held if `busy` says nothing else. */
static inline long serve_quickly(uint64_t first, uint64_t second, uint64_t third, uint64_t number,
				 const struct syscall_frame *frame, bool busy)
{
	switch (number) {
#if FS_OPENS && SHIM_HAS_SYS_read && SHIM_HAS_SYS_pread64
	case 0:
	case 17: /* whose last argument is below any file's size, or there is nothing to read */
		return quick_read(first, second, third, EARLY(frame->arg[3]), number == 0, busy);
#endif
#if SHIM_HAS_SYS_futex
	case 202:
		return quick_wake(first, second, busy);
#endif
	default:
		(void)first, (void)second, (void)third, (void)frame, (void)busy;
		return QUICK_NONE;
	}
}

/* Apart, so that the others have no register to save (docs/adr/0005). */
static __attribute__((noinline)) long serve_wholly(uint64_t number, const struct syscall_frame *frame, bool locked)
{
	long result;

	if (!locked)
		core_lock_contended();
	end_if_asked();
	if (TIMERS && timers_armed)
		timers_send();
	result = serve(number, frame);
	end_if_asked();
	if (result == -EINTR && is_restarted(frame))
		(void)signal_restart(number);
	core_unlock();
	return result;
}

uint64_t syscall_dispatch(uint64_t first, uint64_t second, uint64_t third, uint64_t number, const struct syscall_frame *frame)
{
	long result;

	debug_call(frame);
	if (is_constant(number)) {
		result = serve(number, frame);
	} else {
		const bool locked = core_try_lock();
		bool busy = !locked;

		if (SHIM_THREADS)
			busy |= platform_task_ends();
		if (TIMERS)
			busy |= EARLY(timers_armed) != NULL;
		result = serve_quickly(first, second, third, number, frame, busy);
		if (result == QUICK_NONE)
			result = serve_wholly(number, frame, locked);
		else
			core_unlock();
	}
	debug_result(frame, result);
	return (uint64_t)result;
}
