/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futexes with one thread: nobody waits, so a wake finds no one; and nobody could wake a waiter, so a wait is a sleep
 * until its time, and one without an end is a deadlock that ends the Keep as a signal would.
 */
#include "../include/clock.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_PRIVATE 128
#define FUTEX_REALTIME 256

static long wait(const struct syscall_frame *frame, bool absolute, bool realtime)
{
	struct timespec until;
	uint32_t value;
	long error;

	if (frame->arg[0] % sizeof(value) != 0)
		return -EINVAL;
	if (user_get(&value, frame->arg[0], sizeof(value)))
		return -EFAULT;
	if (frame->arg[3] != 0 && user_get(&until, frame->arg[3], sizeof(until)))
		return -EFAULT;
	if (value != (uint32_t)frame->arg[2])
		return -EAGAIN;
	if (frame->arg[3] == 0)
		keep_end(SIGABRT);
	error = clock_sleep(realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC, absolute, &until);
	return error ? error : -ETIMEDOUT;
}

long sys_futex(const struct syscall_frame *frame)
{
	uint32_t operation = (uint32_t)frame->arg[1];
	bool realtime = operation & FUTEX_REALTIME;
	uint32_t value;

	switch (operation & ~(uint32_t)(FUTEX_PRIVATE | FUTEX_REALTIME)) {
	case FUTEX_WAIT:
		return wait(frame, false, false);
	case FUTEX_WAIT_BITSET:
		return (uint32_t)frame->arg[5] == 0 ? -EINVAL : wait(frame, true, realtime);
	case FUTEX_WAKE:
	case FUTEX_REQUEUE:
		return frame->arg[0] % sizeof(value) != 0 ? -EINVAL : 0;
	case FUTEX_WAKE_BITSET:
		return frame->arg[0] % sizeof(value) != 0 || (uint32_t)frame->arg[5] == 0 ? -EINVAL : 0;
	case FUTEX_CMP_REQUEUE:
		if (user_get(&value, frame->arg[0], sizeof(value)))
			return -EFAULT;
		return value == (uint32_t)frame->arg[5] ? 0 : -EAGAIN;
	default:
		return -ENOSYS;
	}
}
