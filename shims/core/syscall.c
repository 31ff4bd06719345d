/* SPDX-License-Identifier: Apache-2.0 */
#include "include/syscall.h"
#include "include/debug.h"
#include "include/linux.h"
#include "include/lock.h"
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

uint64_t syscall_dispatch(const struct syscall_frame *frame)
{
	long result;

	debug_call(frame);
	if (is_constant(frame->number)) {
		result = serve(frame);
	} else {
		core_lock();
		if (TIMERS)
			timers_send();
		result = serve(frame);
		core_unlock();
	}
	debug_result(frame, result);
	return (uint64_t)result;
}
