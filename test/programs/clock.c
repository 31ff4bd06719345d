// SPDX-License-Identifier: Apache-2.0
// Looks at the clocks without end: MONOTONIC goes back for no thread, nor from one to another, and REALTIME goes with it.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define THREADS 3
#define LONG_NS 700000000ull
/* A clock that is slewed or set while this runs is none of the Keep's doing; this much would be. */
#define APART_NS 200000000ll

static uint64_t latest; /* that any thread has seen */
static unsigned back;

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time) != 0) {
		perror("clock_gettime");
		exit(1);
	}
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* What another thread has seen before this one looks is no later than what this one sees. */
static uint64_t look(void)
{
	uint64_t before = __atomic_load_n(&latest, __ATOMIC_ACQUIRE), seen = now(CLOCK_MONOTONIC);

	if (seen < before)
		__atomic_fetch_add(&back, 1, __ATOMIC_RELAXED);
	while (before < seen && !__atomic_compare_exchange_n(&latest, &before, seen, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
	return seen;
}

static void *looks(void *until)
{
	while (look() < *(uint64_t *)until)
		;
	return NULL;
}

int main(void)
{
	uint64_t from = look(), real_from = now(CLOCK_REALTIME), until = from + LONG_NS;
	pthread_t all[THREADS];
	int64_t apart;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&all[i], NULL, looks, &until) != 0)
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(all[i], NULL);
	apart = (int64_t)(now(CLOCK_REALTIME) - real_from) - (int64_t)(look() - from);
	printf("back: %u times\n", back);
	printf("REALTIME with MONOTONIC: %s\n", llabs(apart) < APART_NS ? "yes" : "no");
	return 0;
}
