/* SPDX-License-Identifier: Apache-2.0 */
#include "include/wait.h"
#include <stddef.h>
#include "include/clock.h"
#include "include/platform.h"
#include "include/task.h"
#include "include/timer.h"
#include "generated/hostcall_guest.h"
#include "shim_config.h"

#define NANOSECONDS 1000000000ll

static const struct timespec forever = { -1, 0 };

/* a - b; both are times of a clock, or a - b is not. False when it is not above zero. */
static bool subtract(const struct timespec *a, const struct timespec *b, struct timespec *to)
{
	to->tv_nsec = a->tv_nsec - b->tv_nsec;
	to->tv_sec = a->tv_sec - b->tv_sec;
	if (to->tv_nsec < 0) {
		to->tv_nsec += NANOSECONDS;
		to->tv_sec--;
	}
	return to->tv_sec > 0 || (to->tv_sec == 0 && to->tv_nsec > 0);
}

long wait_deadline(const struct timespec *timeout, struct timespec *deadline)
{
	struct timespec now;
	long error = clock_read(CLOCK_MONOTONIC, &now);

	if (error)
		return error;
	now.tv_nsec += timeout->tv_nsec;
	if (now.tv_nsec >= NANOSECONDS) {
		now.tv_nsec -= NANOSECONDS;
		now.tv_sec++;
	}
	if (__builtin_add_overflow(now.tv_sec, timeout->tv_sec, &now.tv_sec))
		now.tv_sec = INT64_MAX;
	*deadline = now;
	return 0;
}

long wait_until(int32_t clock, const struct timespec *time, struct timespec *deadline)
{
	struct timespec now, left;
	long error;

	if (clock == CLOCK_MONOTONIC) {
		*deadline = *time;
		return 0;
	}
	error = clock_read(clock, &now);
	if (error)
		return error;
	if (!subtract(time, &now, &left))
		left = (struct timespec){ 0, 0 };
	return wait_deadline(&left, deadline);
}

long wait_left(const struct timespec *deadline, struct timespec *left)
{
	struct timespec now;
	long error = 0;

	/* Zero is before anybody's clock began, and need not be compared. */
	if (deadline->tv_sec != 0 || deadline->tv_nsec != 0)
		error = clock_read(CLOCK_MONOTONIC, &now);
	else
		now = *deadline;
	if (!error && !subtract(deadline, &now, left))
		*left = (struct timespec){ 0, 0 };
	return error;
}

static bool is_zero(const struct timespec *time)
{
	return time->tv_sec == 0 && time->tv_nsec == 0;
}

/* Whether all others wait for each other: nothing that the host does can go on from there. */
static bool is_deadlock(const struct task *self)
{
	for (const struct task *task = task_first(); task != NULL; task = task->next)
		if (task != self && (!task->wait.endless || task->wait.woken))
			return false;
	return true;
}

/*
 * Asleep, without the lock. Whoever changes what this thread waits for has the lock, and so does so before, and it was
 * seen; or after `asleep` was set, and then wakes it: the host call ends then, or does not begin.
 */
static long nap(struct pollfd *fds, uint64_t count, const struct timespec *timeout, struct task_wait how, bool *woken)
{
	struct task *self = task_self();
	long result;

	self->wait = how;
	result = host_wait(platform_call(), fds, count, timeout);
	*woken = self->wait.woken;
	self->wait = (struct task_wait){ 0 };
	return result;
}

/* How many handles that somebody may wait for were closed so far. */
static uint64_t closes;

void wait_closes(void)
{
	closes++;
}

static long sleep(struct pollfd *fds, uint64_t count, const struct timespec *deadline, bool any)
{
	bool endless = count == 0 && deadline == NULL, woken;
	struct timespec left = forever;
	uint64_t closed = closes;
	long result = 0;

	if (signal_claim())
		return -EINTR;
	if (deadline != NULL)
		result = wait_left(deadline, &left);
	if (result)
		return result;
	if (count == 0 && is_zero(&left))
		return -ETIMEDOUT;
	if (endless && is_deadlock(task_self()))
		keep_end(SIGABRT);
	result = nap(fds, count, &left, (struct task_wait){ .asleep = true, .any = any, .endless = endless }, &woken);
	/* Another thread has closed a handle before the host has seen that somebody waits for it. */
	if (result == -EBADF && closes != closed)
		return 0;
	if (result < 0 && result != -EINTR)
		return result;
	if (result > 0 || woken || deadline == NULL)
		return 0;
	result = wait_left(deadline, &left);
	return result ? result : is_zero(&left) ? -ETIMEDOUT : 0;
}

static bool is_sooner(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* A timer that expires is a change: whoever waits looks again. */
static long sleep_or_expire(struct pollfd *fds, uint64_t count, const struct timespec *deadline, bool any)
{
	struct timespec next;
	bool expired = false, armed = TIMERS && timers_next(&next, &expired);
	long result;

	if (expired) {
		wait_changed();
		return 0;
	}
	if (!armed || (deadline && !is_sooner(&next, deadline)))
		return sleep(fds, count, deadline, any);
	result = sleep(fds, count, &next, any);
	return result == -ETIMEDOUT ? 0 : result;
}

long wait_event(struct pollfd *fds, uint64_t count, const struct timespec *deadline)
{
	return sleep_or_expire(fds, count, deadline, true);
}

long wait_woken(const struct timespec *deadline)
{
	return sleep_or_expire(NULL, 0, deadline, false);
}

void wait_idle(void)
{
	bool woken;

	(void)nap(NULL, 0, &forever, (struct task_wait){ .asleep = true }, &woken);
}

void wait_wake(struct task *task)
{
	if (!SHIM_THREADS || !task->wait.asleep || task->wait.woken)
		return; /* a thread that is alone sleeps by itself */
	task->wait.woken = true;
	(void)host_thread_wake(platform_call(), task->index);
}

void wait_changed(void)
{
	for (struct task *task = task_first(); task != NULL; task = task->next)
		if (task->wait.any)
			wait_wake(task);
}
