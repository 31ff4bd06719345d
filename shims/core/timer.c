/* SPDX-License-Identifier: Apache-2.0 */
#include "include/timer.h"
#include "include/clock.h"
#include "include/signal.h"
#include "include/task.h"

#define NANOSECONDS 1000000000ll
/* Linux goes no further: KTIME_SEC_MAX. */
#define SECONDS_MOST (INT64_MAX / NANOSECONDS)

struct timer *timers_armed;

static int64_t nanoseconds(const struct timespec *time)
{
	return time->tv_sec >= SECONDS_MOST ? INT64_MAX : time->tv_sec * NANOSECONDS + time->tv_nsec;
}

static struct timespec timespec(int64_t ns)
{
	return (struct timespec){ ns / NANOSECONDS, ns % NANOSECONDS };
}

static int64_t later(int64_t ns, int64_t more)
{
	int64_t sum;

	return __builtin_add_overflow(ns, more, &sum) ? INT64_MAX : sum;
}

static long now(int32_t clock, int64_t *ns)
{
	struct timespec time;
	long error = clock_read(clock, &time);

	*ns = error ? 0 : nanoseconds(&time);
	return error;
}

bool timer_is_time(const struct timespec *time)
{
	return time->tv_sec >= 0 && (uint64_t)time->tv_nsec < NANOSECONDS;
}

bool timer_is_valid(const struct itimerspec *spec)
{
	return timer_is_time(&spec->value) && timer_is_time(&spec->interval);
}

void timer_disarm(struct timer *timer)
{
	struct timer **link = &timers_armed;

	if (!timer->armed)
		return;
	while (*link != timer)
		link = &(*link)->next;
	*link = timer->next;
	timer->armed = false;
}

long timer_set(struct timer *timer, const struct itimerspec *spec, bool absolute)
{
	int64_t value = nanoseconds(&spec->value), start = 0;
	long error = absolute || value == 0 ? 0 : now(timer->clock, &start);

	if (error)
		return error;
	timer_disarm(timer);
	timer->expirations = 0;
	timer->interval = nanoseconds(&spec->interval);
	timer->due = later(start, value);
	if (value != 0) {
		timer->armed = true;
		timer->next = timers_armed;
		timers_armed = timer;
	}
	return 0;
}

static void send(const struct timer *timer)
{
	const struct siginfo info = {
		.number = timer->signal,
		.code = timer->code,
		.sender = { timer->number, timer->overrun, timer->value },
	};
	struct task *to = timer->task ? task_find(timer->task) : 0;

	if (to || !timer->task)
		(void)signal_send(to, &info);
}

/* What has expired by `time`. */
static void expire(struct timer *timer, int64_t time)
{
	uint64_t count = 1;

	if (!timer->armed || time < timer->due)
		return;
	if (timer->interval == 0) {
		timer_disarm(timer);
	} else {
		count += (uint64_t)((time - timer->due) / timer->interval);
		timer->due = later(timer->due, (int64_t)count * timer->interval);
	}
	timer->expirations += count;
	timer->edges++;
	timer->overrun = (uint32_t)(count - 1);
	if (timer->signal)
		send(timer);
}

void timer_look(struct timer *timer)
{
	int64_t time;

	if (timer->armed && !now(timer->clock, &time))
		expire(timer, time);
}

long timer_get(struct timer *timer, struct itimerspec *spec)
{
	int64_t time = 0;
	long error = timer->armed ? now(timer->clock, &time) : 0;

	if (error)
		return error;
	expire(timer, time);
	spec->interval = timespec(timer->interval);
	spec->value = timespec(timer->armed ? timer->due - time : 0);
	return 0;
}

void timers_send(void)
{
	struct timer *timer, *next;

	for (timer = timers_armed; timer; timer = next) {
		next = timer->next;
		if (timer->signal)
			timer_look(timer);
	}
}

bool timers_next(struct timespec *deadline, bool *expired)
{
	int64_t steady, soonest = INT64_MAX;
	struct timer *timer, *next;

	*expired = false;
	if (!timers_armed || now(CLOCK_MONOTONIC, &steady))
		return false;
	for (timer = timers_armed; timer; timer = next) {
		int64_t time = steady;

		next = timer->next;
		if (timer->clock != CLOCK_MONOTONIC && now(timer->clock, &time))
			continue;
		*expired |= time >= timer->due;
		expire(timer, time);
		if (timer->armed && timer->due - time < soonest)
			soonest = timer->due - time;
	}
	*deadline = timespec(later(steady, soonest));
	return timers_armed != 0;
}
