/* SPDX-License-Identifier: Apache-2.0 */
#include "include/wait.h"
#include "include/clock.h"
#include "include/platform.h"
#include "include/signal.h"
#include "include/timer.h"
#include "generated/hostcall_guest.h"

#define NANOSECONDS 1000000000ll
#define MILLISECOND 1000000ll

long wait_deadline(const struct timespec *timeout, struct timespec *deadline)
{
	long error = clock_read(CLOCK_MONOTONIC, deadline);

	if (error)
		return error;
	deadline->tv_nsec += timeout->tv_nsec;
	if (deadline->tv_nsec >= NANOSECONDS) {
		deadline->tv_nsec -= NANOSECONDS;
		deadline->tv_sec++;
	}
	if (__builtin_add_overflow(deadline->tv_sec, timeout->tv_sec, &deadline->tv_sec))
		deadline->tv_sec = INT64_MAX;
	return 0;
}

/* Milliseconds until then, rounded up, as the host's poll() takes them; 0 when it is over. */
static long left(const struct timespec *deadline, int32_t *milliseconds)
{
	struct timespec now;
	int64_t seconds;
	long error = clock_read(CLOCK_MONOTONIC, &now);

	if (error)
		return error;
	seconds = deadline->tv_sec - now.tv_sec;
	if (seconds > INT32_MAX / 1000 - 1)
		seconds = INT32_MAX / 1000 - 1;
	*milliseconds = 0;
	if (seconds >= 0) {
		int64_t ms = seconds * 1000 + (deadline->tv_nsec - now.tv_nsec + MILLISECOND - 1) / MILLISECOND;

		*milliseconds = ms < 0 ? 0 : (int32_t)ms;
	}
	return 0;
}

static bool sooner(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static long wait_until(struct pollfd *fds, uint64_t count, const struct timespec *deadline)
{
	int32_t timeout = -1;
	long result = deadline ? left(deadline, &timeout) : 0;

	if (result)
		return result;
	if (count == 0 && timeout == 0)
		return -ETIMEDOUT;
	/* The only thread waits for itself alone: nobody will ever wake it. */
	if (count == 0 && !deadline)
		keep_end(SIGABRT);
	result = host_poll(platform_call(), fds, count, timeout);
	return result < 0 ? result : result == 0 && deadline ? -ETIMEDOUT : 0;
}

/* A timer that expires is a change: whoever waits looks again. */
long wait_event(struct pollfd *fds, uint64_t count, const struct timespec *deadline)
{
	struct timespec next;
	bool expired = false, armed = TIMERS && timers_next(&next, &expired);
	long result;

	if (expired)
		return 0;
	if (signal_pending() & ~signal_blocked())
		return -EINTR;
	if (!armed || (deadline && !sooner(&next, deadline)))
		return wait_until(fds, count, deadline);
	result = wait_until(fds, count, &next);
	return result == -ETIMEDOUT ? 0 : result;
}

/* Nobody waits while the only thread is here. */
void wait_changed(void)
{
}
