/* SPDX-License-Identifier: Apache-2.0 */
#include "include/timeout.h"
#include "include/clock.h"
#include "include/signal.h"
#include "include/user.h"
#include "include/wait.h"

#define NANOSECONDS 1000000000ll
#define MILLISECONDS 1000
#define MILLISECOND 1000000
#define MICROSECONDS 1000000
#define MICROSECOND 1000

/* Nothing to wait for is not looked up: it is past already. */
static long from_now(struct timeout *timeout, const struct timespec *time)
{
	timeout->deadline = &timeout->until;
	timeout->until = *time;
	return time->tv_sec == 0 && time->tv_nsec == 0 ? 0 : wait_deadline(time, &timeout->until);
}

long timeout_milliseconds(struct timeout *timeout, int32_t milliseconds)
{
	struct timespec time = { milliseconds / MILLISECONDS, milliseconds % MILLISECONDS * MILLISECOND };

	timeout->deadline = NULL;
	return milliseconds < 0 ? 0 : from_now(timeout, &time);
}

long timeout_timespec(struct timeout *timeout, uint64_t from)
{
	struct timespec time;

	timeout->deadline = NULL;
	if (from == 0)
		return 0;
	if (user_get(&time, from, sizeof(time)))
		return -EFAULT;
	if (time.tv_sec < 0 || (uint64_t)time.tv_nsec >= NANOSECONDS)
		return -EINVAL;
	return from_now(timeout, &time);
}

long timeout_timeval(struct timeout *timeout, uint64_t from)
{
	struct timeval value;
	struct timespec time;

	timeout->deadline = NULL;
	if (from == 0)
		return 0;
	if (user_get(&value, from, sizeof(value)))
		return -EFAULT;
	/* As Linux takes it: the microseconds may be more than a second. */
	if (value.tv_sec < 0 || value.tv_usec < 0)
		return -EINVAL;
	if (__builtin_add_overflow(value.tv_sec, value.tv_usec / MICROSECONDS, &time.tv_sec))
		return -EINVAL;
	time.tv_nsec = value.tv_usec % MICROSECONDS * MICROSECOND;
	return from_now(timeout, &time);
}

struct timespec timeout_left(const struct timeout *timeout)
{
	struct timespec now, left = { 0, 0 };

	if (timeout->until.tv_sec == 0 || clock_read(CLOCK_MONOTONIC, &now))
		return left;
	left.tv_sec = timeout->until.tv_sec - now.tv_sec;
	left.tv_nsec = timeout->until.tv_nsec - now.tv_nsec;
	if (left.tv_nsec < 0) {
		left.tv_nsec += NANOSECONDS;
		left.tv_sec--;
	}
	return left.tv_sec < 0 ? (struct timespec){ 0, 0 } : left;
}

bool timeout_over(const struct timespec *deadline)
{
	struct timespec now;

	if (clock_read(CLOCK_MONOTONIC, &now))
		return true;
	return now.tv_sec > deadline->tv_sec || (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

void timeout_put_left(const struct timeout *timeout, uint64_t to)
{
	struct timespec left;

	if (to == 0)
		return;
	left = timeout_left(timeout);
	(void)user_put(to, &left, sizeof(left));
}

long mask_begin(struct mask_change *change, uint64_t set, uint64_t size)
{
	uint64_t mask;

	change->changed = set != 0;
	if (set == 0)
		return 0;
	if (size != SIGNAL_SET_BYTES)
		return -EINVAL;
	if (user_get(&mask, set, sizeof(mask)))
		return -EFAULT;
	signal_block_until_handled(mask);
	return 0;
}

long mask_end(const struct mask_change *change, long result)
{
	if (change->changed && result != -EINTR)
		signal_block_again();
	return result;
}
