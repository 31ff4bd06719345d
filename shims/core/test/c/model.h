/* SPDX-License-Identifier: Apache-2.0 */
/* What the test programs share: a check that tells where it failed, and numbers from a seed. */
#ifndef MOTTE_TEST_MODEL_H
#define MOTTE_TEST_MODEL_H

#include <stdint.h>
#include <stdio.h>
/* linux.h has these too. */
#define timespec libc_timespec
#define timeval libc_timeval
#include <stdlib.h>
#undef timespec
#undef timeval

#define CHECK(condition)                                                               \
	do {                                                                           \
		if (!(condition)) {                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			exit(1);                                                       \
		}                                                                      \
	} while (0)

/* xorshift64: never zero. */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline uint64_t below(uint64_t *state, uint64_t most)
{
	return next_random(state) % most;
}

#endif
