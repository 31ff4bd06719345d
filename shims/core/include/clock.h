/* SPDX-License-Identifier: Apache-2.0 */
/* Time as the host tells it, within what can be (SECURITY.md, rule 16). */
#ifndef MOTTE_CLOCK_H
#define MOTTE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "linux.h"

/* A length of time, or a time: what Linux takes. */
static inline bool timespec_is_valid(const struct timespec *time)
{
	return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec <= 999999999;
}

/* The time of one of the host's clocks; CLOCK_MONOTONIC and its kin never go back. 0 or a negative errno. */
long clock_read(int32_t clock, struct timespec *time);

#endif
