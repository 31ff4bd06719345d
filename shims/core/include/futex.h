/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for which futex: one queue of the Keep's, oldest first. The host only makes threads sleep; who is woken is decided
 * here (SECURITY.md, rule 16). An address is a name: nothing is read from it.
 */
#ifndef MOTTE_FUTEX_H
#define MOTTE_FUTEX_H

#include <stdint.h>
#include "linux.h"

/* Of its operations those that quick.h knows as well. */
#define FUTEX_WAKE 1
#define FUTEX_PRIVATE 128

/* A wake for these bits is for everybody, and a wait for them for every wake. */
#define FUTEX_ANY UINT32_MAX

/* Of all that wait, whatever for; NULL: nobody does. */
extern struct task *futex_oldest;

/* Wakes at most `most` waiters of the futex whose bits are among `bits`; returns how many. */
uint64_t futex_wake(uint64_t address, uint64_t most, uint32_t bits);

/* Wakes at most `most` waiters of `from`, and lets at most `moved` others wait for `to`; returns how many both are. */
uint64_t futex_requeue(uint64_t from, uint64_t to, uint64_t most, uint64_t moved);

/* Waits while the lock is given up. 0 when woken, -ETIMEDOUT, -EINTR. */
long futex_wait(uint64_t address, uint32_t bits, const struct timespec *deadline);

#endif
