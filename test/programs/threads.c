/* SPDX-License-Identifier: Apache-2.0 */
/* What C programs do with threads: each part prints a line that does not depend on who was faster. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS 7
#define ROUNDS 300

static pthread_t threads[THREADS];

static void start(int index, void *(*body)(void *))
{
	int error = pthread_create(&threads[index], NULL, body, (void *)(intptr_t)index);

	if (error) {
		printf("thread %d: %s\n", index, strerror(error));
		exit(1);
	}
}

/* All of them, and the sum of what they return. */
static long run(void *(*body)(void *))
{
	long sum = 0;
	void *result;

	for (int i = 0; i < THREADS; i++)
		start(i, body);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		sum += (intptr_t)result;
	}
	return sum;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static long counter;

static void *count(void *argument)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return argument;
}

/* A queue of numbers with room for few, filled by some threads and emptied by others. */
#define ROOM 3
static int queue[ROOM], filled;

static void *fill_or_empty(void *argument)
{
	bool fills = (intptr_t)argument % 2 == 0 && (intptr_t)argument < 6;
	long sum = 0;

	if ((intptr_t)argument >= 6)
		return NULL;
	for (int i = 1; i <= ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		while (fills ? filled == ROOM : filled == 0)
			pthread_cond_wait(&condition, &mutex);
		if (fills)
			queue[filled++] = i;
		else
			sum += queue[--filled];
		pthread_cond_broadcast(&condition);
		pthread_mutex_unlock(&mutex);
	}
	return (void *)sum;
}

static void *meet(void *argument)
{
	long serial = 0;

	(void)argument;
	for (int i = 0; i < ROUNDS / 3; i++)
		serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
	return (void *)serial;
}

static long pair[2];

static void *read_or_write(void *argument)
{
	long torn = 0;

	for (int i = 0; i < ROUNDS; i++) {
		if ((intptr_t)argument == 0) {
			pthread_rwlock_wrlock(&rwlock);
			pair[0]++;
			pair[1]++;
		} else {
			pthread_rwlock_rdlock(&rwlock);
			torn += pair[0] != pair[1];
		}
		pthread_rwlock_unlock(&rwlock);
	}
	return (void *)torn;
}

static __thread long local = 5;
static pthread_key_t key;
static atomic_long destroyed;

static void destroy(void *value)
{
	destroyed += (intptr_t)value;
}

static void *own(void *argument)
{
	pthread_setspecific(key, (void *)((intptr_t)argument + 1));
	for (int i = 0; i < ROUNDS; i++)
		local += (intptr_t)argument;
	sched_yield();
	return (void *)(local - 5 == ROUNDS * (intptr_t)argument && errno == 0 ? 1l : 0l);
}

static void *nothing(void *argument)
{
	return argument;
}

static atomic_int detached;

static void *count_detached(void *argument)
{
	(void)argument;
	detached++;
	return NULL;
}

/* Threads by the hundred: the Keep's own are used again. */
static void many(void)
{
	pthread_attr_t attributes;
	long made = 0, refused = 0;

	for (int i = 0; i < ROUNDS; i++) {
		start(0, nothing);
		pthread_join(threads[0], NULL);
	}
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	while (made < ROUNDS) {
		if (pthread_create(&threads[0], &attributes, count_detached, NULL) == 0)
			made++;
		else
			refused++, sched_yield(); /* some have not ended yet */
	}
	while (detached < ROUNDS)
		sched_yield();
	printf("joined %d, detached %d\n", ROUNDS, detached);
}

static pthread_mutex_t robust;

static void *die_with_lock(void *argument)
{
	pthread_mutex_lock(&robust);
	return argument;
}

static void robust_lock(void)
{
	pthread_mutexattr_t attributes;
	int error;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attributes);
	start(0, die_with_lock);
	error = pthread_mutex_lock(&robust); /* waits, or finds it so */
	if (error == 0) {
		pthread_mutex_unlock(&robust); /* it was not there yet */
		pthread_join(threads[0], NULL);
		error = pthread_mutex_lock(&robust);
	} else {
		pthread_join(threads[0], NULL);
	}
	printf("robust: %s", strerror(error));
	pthread_mutex_consistent(&robust);
	printf(", %s\n", strerror(pthread_mutex_unlock(&robust)));
}

static sem_t never;

static void *wait_for_ever(void *argument)
{
	sem_wait(&never);
	return argument;
}

static void *compute_for_ever(void *argument)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;)
		getppid();
	return argument;
}

static void cancel(void)
{
	void *result[2];

	sem_init(&never, 0, 0);
	start(0, wait_for_ever);
	start(1, compute_for_ever);
	for (int i = 0; i < 2; i++) {
		pthread_cancel(threads[i]);
		pthread_join(threads[i], &result[i]);
	}
	printf("cancelled: %d %d\n", result[0] == PTHREAD_CANCELED, result[1] == PTHREAD_CANCELED);
}

static atomic_int handled_by[THREADS];

static void handler(int number)
{
	(void)number;
	for (int i = 0; i < THREADS; i++)
		if (pthread_equal(threads[i], pthread_self()))
			handled_by[i]++;
}

static sem_t ready, done;

static void *sleep_until_handled(void *argument)
{
	sem_post(&ready);
	while (!handled_by[(intptr_t)argument])
		usleep(100000);
	return argument;
}

static void *take_signals(void *argument)
{
	sigset_t set;
	int number, sum = 0;

	(void)argument;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	for (int i = 0; i < 3; i++) {
		sem_post(&ready);
		sigwait(&set, &number);
		sum += number == SIGUSR2;
		sem_post(&done);
	}
	return (void *)(intptr_t)sum;
}

static void *mask_of(void *argument)
{
	sigset_t mask;

	(void)argument;
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	return (void *)(intptr_t)(sigismember(&mask, SIGUSR2) * 10 + sigismember(&mask, SIGUSR1));
}

/* The process is known by the numbers of its threads too: to kill() and to sigqueue(), and not by one that nobody has. */
static void *by_thread_number(void *argument)
{
	union sigval value = { .sival_int = 7 };
	struct timespec none = { 0 };
	siginfo_t info;
	sigset_t set;

	(void)argument;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	printf("kill by a thread's number: %d", kill(gettid(), 0));
	printf(", sigqueue: %d", sigqueue(gettid(), SIGUSR2, value));
	printf(", took %d", sigtimedwait(&set, &info, &none) == SIGUSR2 ? info.si_value.sival_int : -1);
	printf(", of nobody: %d", kill(0x3ffffff, 0));
	printf(" %s\n", strerror(errno));
	return NULL;
}

static void signals(void)
{
	struct sigaction action = { .sa_handler = handler };
	sigset_t set;
	void *result;

	sem_init(&ready, 0, 0);
	sem_init(&done, 0, 0);
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 3; i++) {
		start(i, sleep_until_handled);
		sem_wait(&ready);
	}
	for (int i = 0; i < 3; i++)
		pthread_kill(threads[i], SIGUSR1);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	printf("each its own: %d %d %d\n", handled_by[0], handled_by[1], handled_by[2]);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	start(0, take_signals);
	for (int i = 0; i < 3; i++) {
		sem_wait(&ready);
		kill(getpid(), SIGUSR2); /* blocked everywhere: for the one that waits */
		sem_wait(&done);
	}
	pthread_join(threads[0], &result);
	start(0, by_thread_number);
	pthread_join(threads[0], NULL);
	printf("sigwait took %ld", (long)(intptr_t)result);
	start(0, mask_of);
	pthread_join(threads[0], &result);
	printf(", a new thread's mask %ld\n", (long)(intptr_t)result);
}

/* A lock that is had too late, and a condition that never comes. */
static void timeouts(void)
{
	struct timespec soon;
	int lock, wait;

	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 20000000;
	if (soon.tv_nsec >= 1000000000)
		soon.tv_sec++, soon.tv_nsec -= 1000000000;
	pthread_mutex_lock(&mutex);
	lock = pthread_mutex_timedlock(&mutex, &soon);
	wait = pthread_cond_timedwait(&condition, &mutex, &soon);
	pthread_mutex_unlock(&mutex);
	printf("timeouts: %s, %s\n", strerror(lock), strerror(wait));
}

static void *last(void *argument)
{
	(void)argument;
	usleep(1000);
	puts("the last thread ends the process");
	exit(3);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	run(count);
	printf("mutex: %ld\n", counter);
	printf("condition: %ld\n", run(fill_or_empty));
	pthread_barrier_init(&barrier, NULL, THREADS);
	printf("barrier: %ld\n", run(meet));
	printf("rwlock: %ld torn", run(read_or_write));
	printf(", %ld written\n", pair[0]);
	pthread_key_create(&key, destroy);
	printf("own: %ld", run(own));
	printf(", destroyed %ld\n", destroyed);
	many();
	robust_lock();
	cancel();
	signals();
	timeouts();
	start(0, last);
	pthread_exit(NULL);
}
