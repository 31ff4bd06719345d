/* SPDX-License-Identifier: Apache-2.0 */
/* futex(): Linux's operations without priority inheritance. Private or not is the same in a Keep. */
#include "../include/futex.h"
#include "../include/clock.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/syscall.h"
#include "../include/user.h"
#include "../include/wait.h"

#define FUTEX_WAIT 0
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_REALTIME 256

/* FUTEX_WAKE_OP's fourth number: operation and comparison, each with a signed 12-bit argument. */
#define OP_SHIFTED 8
#define OP_MOST 4
#define CMP_MOST 5

static bool is_word(uint64_t address)
{
	return address % sizeof(uint32_t) == 0;
}

/* A function of its own for each operation: together they would save all registers, and load them again behind fences. */
#define OPERATION static __attribute__((noinline)) long

/* As Linux: more waiters than there can be is all of them, and none cannot be asked for. */
static uint64_t count_of(uint64_t argument)
{
	int32_t count = (int32_t)argument;

	return count < 1 ? 1 : (uint64_t)count;
}

/* Until when: of a wait a time from now, of one with a bit set a time on one of two clocks. */
static long deadline_of(const struct syscall_frame *frame, bool absolute, bool realtime, struct timespec *deadline)
{
	struct timespec time;

	if (user_get(&time, frame->arg[3], sizeof(time)))
		return -EFAULT;
	if (!timespec_is_valid(&time))
		return -EINVAL;
	if (absolute)
		return wait_until(realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC, &time, deadline);
	return wait_deadline(&time, deadline);
}

OPERATION wait(const struct syscall_frame *frame, bool absolute, bool realtime, uint32_t bits)
{
	uint64_t address = frame->arg[0];
	bool timed = frame->arg[3] != 0;
	struct timespec deadline;
	uint32_t value;
	long error;

	if (timed) {
		error = deadline_of(frame, absolute, realtime, &deadline);
		if (error)
			return error;
	}
	if (bits == 0 || !is_word(address))
		return -EINVAL;
	/* Compared under the lock: whoever changes the word and then wakes comes before this, or finds us waiting. */
	if (user_get(&value, address, sizeof(value)))
		return -EFAULT;
	if (value != (uint32_t)frame->arg[2])
		return -EAGAIN;
	return futex_wait(address, bits, timed ? &deadline : NULL);
}

static long wake(uint64_t address, uint64_t count, uint32_t bits)
{
	if (bits == 0 || !is_word(address))
		return -EINVAL;
	return (long)futex_wake(address, count_of(count), bits);
}

OPERATION requeue(const struct syscall_frame *frame, bool compare)
{
	uint64_t from = frame->arg[0], to = frame->arg[4];
	int32_t most = (int32_t)frame->arg[2], moved = (int32_t)frame->arg[3];
	uint32_t value;

	if (most < 0 || moved < 0 || !is_word(from) || !is_word(to))
		return -EINVAL;
	if (compare && user_get(&value, from, sizeof(value)))
		return -EFAULT;
	if (compare && value != (uint32_t)frame->arg[5])
		return -EAGAIN;
	return (long)futex_requeue(from, to, (uint64_t)most, (uint64_t)moved);
}

static int32_t sign_extend(uint32_t bits12)
{
	return (int32_t)(bits12 << 20) >> 20;
}

static bool compare(uint32_t comparison, int32_t old, int32_t with)
{
	switch (comparison) {
	case 0:
		return old == with;
	case 1:
		return old != with;
	case 2:
		return old < with;
	case 3:
		return old <= with;
	case 4:
		return old > with;
	default:
		return old >= with;
	}
}

/* The application's other threads use the word meanwhile: one atomic instruction each. */
static uint32_t operate(uint32_t operation, uint32_t *word, uint32_t with)
{
	switch (operation) {
	case 0:
		return __atomic_exchange_n(word, with, __ATOMIC_SEQ_CST);
	case 1:
		return __atomic_fetch_add(word, with, __ATOMIC_SEQ_CST);
	case 2:
		return __atomic_fetch_or(word, with, __ATOMIC_SEQ_CST);
	case 3:
		return __atomic_fetch_and(word, ~with, __ATOMIC_SEQ_CST);
	default:
		return __atomic_fetch_xor(word, with, __ATOMIC_SEQ_CST);
	}
}

/* Changes the second word, wakes those of the first, and those of the second if its old value was as asked. */
OPERATION wake_op(const struct syscall_frame *frame)
{
	uint64_t first = frame->arg[0], second = frame->arg[4];
	uint32_t code = (uint32_t)frame->arg[5];
	uint32_t operation = code >> 28, comparison = code >> 24 & 0xf, old;
	int32_t with = sign_extend(code >> 12 & 0xfff);
	uint64_t woken;

	if (!is_word(first) || !is_word(second))
		return -EINVAL;
	if (memory_touch(second, sizeof(uint32_t), PERM_R | PERM_W))
		return -EFAULT;
	if (operation & OP_SHIFTED)
		with = (int32_t)(1u << ((uint32_t)with & 31));
	operation &= ~(uint32_t)OP_SHIFTED;
	if (operation > OP_MOST || comparison > CMP_MOST)
		return -ENOSYS;
	old = operate(operation, (uint32_t *)second, (uint32_t)with);
	woken = futex_wake(first, count_of(frame->arg[2]), FUTEX_ANY);
	if (compare(comparison, (int32_t)old, sign_extend(code & 0xfff)))
		woken += futex_wake(second, count_of(frame->arg[3]), FUTEX_ANY);
	return (long)woken;
}

long sys_futex(const struct syscall_frame *frame)
{
	uint32_t operation = (uint32_t)frame->arg[1] & ~(uint32_t)(FUTEX_PRIVATE | FUTEX_REALTIME);
	bool realtime = (uint32_t)frame->arg[1] & FUTEX_REALTIME;

	if (realtime && operation != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (operation) {
	case FUTEX_WAIT:
		return wait(frame, false, false, FUTEX_ANY);
	case FUTEX_WAIT_BITSET:
		return wait(frame, true, realtime, (uint32_t)frame->arg[5]);
	case FUTEX_WAKE:
		return wake(frame->arg[0], frame->arg[2], FUTEX_ANY);
	case FUTEX_WAKE_BITSET:
		return wake(frame->arg[0], frame->arg[2], (uint32_t)frame->arg[5]);
	case FUTEX_REQUEUE:
		return requeue(frame, false);
	case FUTEX_CMP_REQUEUE:
		return requeue(frame, true);
	case FUTEX_WAKE_OP:
		return wake_op(frame);
	default:
		return -ENOSYS;
	}
}
