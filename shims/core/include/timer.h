/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers. What has expired is computed from the clock when somebody looks, and whoever waits wakes when the next one
 * expires: so a timer needs nobody who runs it. A clock that was set while somebody waits is noticed when the wait ends.
 */
#ifndef MOTTE_TIMER_H
#define MOTTE_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include "linux.h"
#include "shim_config.h"

#if defined(SHIM_HAS_TIMERFD) || defined(SHIM_HAS_TIMERS)
#define TIMERS 1
#else
#define TIMERS 0
#endif

struct itimerspec {
	struct timespec interval;
	struct timespec value;
};

struct timer {
	struct timer *next;   /* of those that are armed */
	int32_t clock;
	bool armed;
	int64_t due;          /* nanoseconds of its clock */
	int64_t interval;     /* 0: it expires once */
	uint64_t expirations; /* since somebody took them */
	uint32_t edges;       /* times that it was found expired */
	/* What it sends then, if `signal` is not 0, and to whom: a task's number, or 0 for any. */
	int32_t signal;
	int32_t code;
	uint32_t task;
	int32_t number;
	uint64_t value;
	uint32_t overrun;     /* expirations beyond the one that the last signal tells */
};

/* execve(): those of timer_create() are gone. */
void timers_delete(void);

/* Whether times are such as Linux takes. */
bool timer_is_valid(const struct itimerspec *spec);
bool timer_is_time(const struct timespec *time);

/* Arms a timer, from now on or, `absolute`, at a time of its clock; `value` 0 disarms it. 0 or an errno of the clock. */
long timer_set(struct timer *timer, const struct itimerspec *spec, bool absolute);

/* What is left of it, and its interval. */
long timer_get(struct timer *timer, struct itimerspec *spec);

/* Finds out what has expired of it. */
void timer_look(struct timer *timer);

/* Takes it from those that are armed. */
void timer_disarm(struct timer *timer);

/* Those that are armed; NULL, as mostly, and there is nothing to look at. */
extern struct timer *timers_armed;

/* Sends what timers have to send by now. For the start of a system call: a task that computes hears of it no sooner. */
void timers_send(void);

/*
 * Looks at all timers and tells when the next expires, on CLOCK_MONOTONIC; false when none is armed. `*expired`: some
 * have expired just now.
 */
bool timers_next(struct timespec *deadline, bool *expired);

#endif
