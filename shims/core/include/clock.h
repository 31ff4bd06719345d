/* SPDX-License-Identifier: Apache-2.0 */
/* Time as the host tells it, within what can be (SECURITY.md, rule 16). */
#ifndef MOTTE_CLOCK_H
#define MOTTE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "linux.h"

/* The time of one of the host's clocks; CLOCK_MONOTONIC and its kin never go back. 0 or a negative errno. */
long clock_read(int32_t clock, struct timespec *time);

/* Sleeps for a time, or until one. It may end early only with -EINTR. */
long clock_sleep(int32_t clock, bool absolute, const struct timespec *time);

#endif
