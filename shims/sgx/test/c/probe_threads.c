// SPDX-License-Identifier: Apache-2.0
// Threads that are somewhere for certain while a hostile host does what it likes: at the only write().
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "probe.h"

static uint32_t word;

static void say(void)
{
	CHECK(write(1, "here\n", 5) == 5);
}

static void *nothing(void *argument)
{
	return argument;
}

static void *spin(void *argument)
{
	for (;;)
		__builtin_ia32_pause();
	return argument;
}

static void *sleep_for_ever(void *argument)
{
	for (;;)
		syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL);
	return argument;
}

static void start(pthread_t *thread, void *(*run)(void *))
{
	CHECK(pthread_create(thread, NULL, run, NULL) == 0);
}

/* Long enough for another thread to be where it is going. */
static void pass(void)
{
	const struct timespec time = { .tv_nsec = 50000000 };

	CHECK(nanosleep(&time, NULL) == 0);
}

static void *pass_and_end(void *argument)
{
	pass();
	return argument;
}

static void *say_after_a_while(void *argument)
{
	pass();
	say();
	for (;;)
		pass();
	return argument;
}

void threads_yields(void)
{
	say();
	for (;;)
		sched_yield();
}

void threads_spins(void)
{
	say();
	spin(NULL);
}

void threads_other_spins(void)
{
	pthread_t other;

	start(&other, spin);
	pthread_join(other, NULL);
}

void threads_other_writes(void)
{
	pthread_t other;

	start(&other, say_after_a_while);
	pthread_join(other, NULL);
}

void threads_other_sleeps(void)
{
	pthread_t other;

	start(&other, sleep_for_ever);
	say_after_a_while(NULL);
}

void threads_other_ends(void)
{
	pthread_t other;

	start(&other, nothing);
	CHECK(pthread_join(other, NULL) == 0);
	for (int i = 0; i < 100; i++)
		CHECK(sched_yield() == 0);
	pass();
	say();
	pass();
	start(&other, nothing);
	CHECK(pthread_join(other, NULL) == 0);
}

void threads_starts(void)
{
	pthread_t others[2];

	say();
	for (int i = 0; i < 2; i++)
		start(&others[i], pass_and_end);
	for (int i = 0; i < 2; i++)
		CHECK(pthread_join(others[i], NULL) == 0);
}

/* The host refuses one; its TCS is there all the same, for the next. */
void threads_start_fails(void)
{
	pthread_t other;

	CHECK(pthread_create(&other, NULL, nothing, NULL) == EAGAIN);
	say();
	pass();
	start(&other, nothing);
	CHECK(pthread_join(other, NULL) == 0);
}
