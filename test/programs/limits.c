// SPDX-License-Identifier: Apache-2.0
// What happens where a Keep has no more threads, and where none can go on: limits many COUNT | limits deadlock
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

static void *wait_for_first(void *unused)
{
	pthread_mutex_lock(&first);
	pthread_mutex_unlock(&first);
	return unused;
}

static int many(int count)
{
	pthread_t threads[256];
	int started = 0, error = 0;

	pthread_mutex_lock(&first);
	while (started < count && started < 256 && error == 0) {
		error = pthread_create(&threads[started], NULL, wait_for_first, NULL);
		started += error == 0;
	}
	printf("%d started%s\n", started, error == EAGAIN ? ", then EAGAIN" : error ? ", then another error" : "");
	pthread_mutex_unlock(&first);
	for (int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return error != 0 && error != EAGAIN;
}

static void *lock_second_first(void *unused)
{
	pthread_mutex_lock(&second);
	pthread_barrier_wait(&both);
	pthread_mutex_lock(&first);
	return unused;
}

static int deadlock(void)
{
	pthread_t thread;

	puts("waiting");
	fflush(stdout);
	pthread_barrier_init(&both, NULL, 2);
	pthread_mutex_lock(&first);
	if (pthread_create(&thread, NULL, lock_second_first, NULL) != 0)
		return 1;
	pthread_barrier_wait(&both);
	pthread_mutex_lock(&second);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "many") == 0)
		return many(atoi(argv[2]));
	return deadlock();
}
