// SPDX-License-Identifier: Apache-2.0
// asks THREADS TIMES MS: each thread asks that often for a time that only the host has, and finds none that goes back. Then sleeps for MS.
// With TIMES 0 the threads ask without end, and the program ends after MS all the same.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MOST 8

static long times;
static unsigned back;

static uint64_t now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC_RAW, &time) != 0) {
		perror("clock_gettime");
		exit(1);
	}
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void *asks(void *unused)
{
	uint64_t last = 0;

	(void)unused;
	for (long i = 0; times == 0 || i < times; i++) {
		uint64_t seen = now();
		if (seen < last)
			__atomic_fetch_add(&back, 1, __ATOMIC_RELAXED);
		last = seen;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = argc == 4 ? atol(argv[1]) : 0, ms = argc == 4 ? atol(argv[3]) : 0;
	struct timespec rest = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	pthread_t all[MOST];

	if (threads < 1 || threads > MOST)
		return 2;
	times = atol(argv[2]);
	for (long i = 1; i < threads; i++)
		if (pthread_create(&all[i], NULL, asks, NULL) != 0)
			return 1;
	if (times != 0)
		asks(NULL);
	for (long i = 1; i < threads && times != 0; i++)
		pthread_join(all[i], NULL);
	printf("back: %u times\n", __atomic_load_n(&back, __ATOMIC_RELAXED));
	fflush(stdout);
	nanosleep(&rest, NULL);
	return 0;
}
