// SPDX-License-Identifier: Apache-2.0
// More threads at once than any plan would hold, in waves: each wave's are all alive when the first of them goes on.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define THREADS 72
#define WAVES 3
#define BYTES 4096

static pthread_barrier_t all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local int mine;
static uint64_t sum;
static int tids[THREADS];

/* Its own stack, thread-local storage and vector registers, before and after all the others ran. */
static void *run(void *argument)
{
	int number = (int)(intptr_t)argument;
	double x = number + 0.5;
	unsigned char bytes[BYTES];

	mine = number;
	memset(bytes, number, sizeof(bytes));
	tids[number] = gettid();
	for (int i = 0; i < 100; i++)
		x = x * 1.0009765625 + 0.25;
	pthread_barrier_wait(&all);
	for (int i = 0; i < BYTES; i++)
		if (bytes[i] != number)
			return "another's stack";
	if (mine != number || tids[number] != gettid())
		return "another's storage";
	pthread_mutex_lock(&lock);
	sum += (uint64_t)x;
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int are_distinct(void)
{
	for (int i = 0; i < THREADS; i++)
		for (int j = 0; j < i; j++)
			if (tids[i] == tids[j])
				return 0;
	return 1;
}

static int wave(int number, const pthread_attr_t *attributes)
{
	pthread_t threads[THREADS];
	int bad = 0;
	void *result;

	sum = 0;
	pthread_barrier_init(&all, NULL, THREADS);
	for (intptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], attributes, run, (void *)i) != 0) {
			printf("thread %d cannot be made\n", (int)i);
			return 1;
		}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		if (result != NULL) {
			printf("thread %d: %s\n", i, (const char *)result);
			bad = 1;
		}
	}
	printf("wave %d: %d threads, %sdistinct, sum %llu\n", number, THREADS, are_distinct() ? "" : "not ",
	       (unsigned long long)sum);
	return bad;
}

int main(void)
{
	pthread_attr_t attributes;
	int bad = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 * 1024);
	for (int i = 1; i <= WAVES; i++)
		bad |= wave(i, &attributes);
	return bad;
}
