/* SPDX-License-Identifier: Apache-2.0 */
/* What calls that wait for files have in common: how long, and which signals are blocked meanwhile. */
#ifndef MOTTE_TIMEOUT_H
#define MOTTE_TIMEOUT_H

#include <stdbool.h>
#include <stdint.h>
#include "linux.h"

struct timeout {
	const struct timespec *deadline; /* NULL: never */
	struct timespec until;
};

/* From now on: milliseconds, negative for ever. */
long timeout_milliseconds(struct timeout *timeout, int32_t milliseconds);

/* The application's struct timespec, or struct timeval; 0 for ever. */
long timeout_timespec(struct timeout *timeout, uint64_t from);
long timeout_timeval(struct timeout *timeout, uint64_t from);

/* How long it is still. */
struct timespec timeout_left(const struct timeout *timeout);

/* Whether a time of CLOCK_MONOTONIC is over. */
bool timeout_over(const struct timespec *deadline);

/* The same to the application; 0 for nowhere. As Linux, which says nothing when it cannot. */
void timeout_put_left(const struct timeout *timeout, uint64_t to);

struct mask_change {
	bool changed;
};

/* Blocks exactly the application's set of `size` bytes until mask_end(); 0 for `set`: nothing changes. */
long mask_begin(struct mask_change *change, uint64_t set, uint64_t size);

/* Blocks again what was blocked before, unless a handler is to be called first: its return does it. Gives `result`. */
long mask_end(const struct mask_change *change, long result);

#endif
