/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the host of system calls, until it says of a number that it does not want to hear of it again. */
#include "include/debug.h"
#include "generated/hostcall_guest.h"
#include "include/linux.h"
#include "include/platform.h"
#include "include/task.h"

/* Above all that Linux has; what is above shares the last bit. */
#define NUMBERS 512

#define SYS_CLONE 56
#define SYS_CLONE3 435

static uint64_t muted[NUMBERS / 64], named[NUMBERS / 64];

static uint64_t bit_of(uint64_t number)
{
	return number < NUMBERS ? number : NUMBERS - 1;
}

static bool is_set(const uint64_t *set, uint64_t number)
{
	uint64_t bit = bit_of(number);

	return (__atomic_load_n(&set[bit / 64], __ATOMIC_RELAXED) >> bit % 64 & 1) != 0;
}

/* Whether it was set before. Threads may come here at once; one of them is the first. */
static bool set_once(uint64_t *set, uint64_t number)
{
	uint64_t bit = bit_of(number), mask = 1ull << bit % 64;

	return (__atomic_fetch_or(&set[bit / 64], mask, __ATOMIC_RELAXED) & mask) != 0;
}

static long tell(uint32_t phase, uint64_t number, const uint64_t arg[6], long result)
{
	const struct caller *caller = platform_caller();
	struct trace_event event = { .number = number, .result = (uint64_t)result };

	if (arg != NULL)
		__builtin_memcpy(&event.arg0, arg, 6 * sizeof(uint64_t));
	__builtin_memcpy(&event.rip, caller, sizeof(*caller));
	return host_trace(platform_call(), phase, task_self()->number, &event);
}

/* A host that does not know the call has no ear for it either. */
static void tell_unless_muted(uint32_t phase, const struct syscall_frame *frame, long result)
{
	if (!is_set(muted, frame->number) && tell(phase, frame->number, frame->arg, result) != TRACE_GO_ON)
		(void)set_once(muted, frame->number);
}

void debug_call(const struct syscall_frame *frame)
{
	tell_unless_muted(TRACE_CALL, frame, 0);
}

/* A thread too many is the other thing that a program is refused and its user wants to know. */
static bool is_unsupported(uint64_t number, long result)
{
	return result == -ENOSYS || (result == -EAGAIN && (number == SYS_CLONE || number == SYS_CLONE3));
}

void debug_result(const struct syscall_frame *frame, long result)
{
	tell_unless_muted(TRACE_RESULT, frame, result);
	if (is_unsupported(frame->number, result) && !set_once(named, frame->number))
		(void)tell(TRACE_UNSUPPORTED, frame->number, frame->arg, result);
}

void debug_ends(uint32_t status)
{
	if ((status & 0x7f) != 0)
		(void)tell(TRACE_ENDS, status & 0x7f, NULL, 0);
}
