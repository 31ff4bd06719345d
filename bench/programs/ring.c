/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a switchless call would cost (docs/adr/0025): nanoseconds a system call, best of some batches, made by the thread that
 * wants it, and by another one that spins on a cache line for it. Both are on processors of their own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH 200
#define PAGE 4096
#define SMALL 64

struct request {
	long number, first;
	void *second;
	long third, fourth;
};

/* One line for each direction, as a ring of one place has. */
static struct {
	_Alignas(64) atomic_ulong asked;
	struct request request;
	_Alignas(64) atomic_ulong answered;
	long result;
} line;

static atomic_bool ended;

static long call(const struct request *request)
{
	return request->number < 0 ? 0 :
				     syscall(request->number, request->first, request->second, request->third, request->fourth);
}

static void *serve(void *unused)
{
	for (unsigned long next = 1; !atomic_load_explicit(&ended, memory_order_relaxed);) {
		if (atomic_load_explicit(&line.asked, memory_order_acquire) != next) {
			__builtin_ia32_pause();
			continue;
		}
		line.result = call(&line.request);
		atomic_store_explicit(&line.answered, next++, memory_order_release);
	}
	return unused;
}

static long by_ring(const struct request *request)
{
	static unsigned long number;

	line.request = *request;
	atomic_store_explicit(&line.asked, ++number, memory_order_release);
	while (atomic_load_explicit(&line.answered, memory_order_acquire) != number)
		__builtin_ia32_pause();
	return line.result;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* `count` calls in turn are one. */
static void measure(const char *how, const char *what, long (*make)(const struct request *), const struct request *requests,
		    int count, long batches)
{
	double best = 1e18;

	for (long i = 0; i < batches; i++) {
		double started = now();
		for (int n = 0; n < BATCH; n++)
			for (int k = 0; k < count; k++)
				if (make(&requests[k]) < 0)
					exit(1);
		double took = (now() - started) / BATCH;
		best = took < best ? took : best;
	}
	printf("%s-%s %.1f\n", how, what, best);
}

/* The two processors that this process may use first; false when there is one. */
static bool apart(pthread_t other)
{
	cpu_set_t all, one;
	int found = 0;

	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		return false;
	for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		pthread_setaffinity_np(found++ == 0 ? pthread_self() : other, sizeof(one), &one);
	}
	return found == 2;
}

int main(int argc, char **argv)
{
	long batches = argc > 1 ? atol(argv[1]) : 100;
	static char bytes[PAGE];
	char name[] = "/tmp/bench-ring-XXXXXX";
	int file = mkstemp(name), ends[2];
	struct timespec t;
	pthread_t other;

	if (file < 0 || unlink(name) != 0 || write(file, bytes, PAGE) != PAGE || pipe(ends) != 0)
		return 1;
	if (pthread_create(&other, NULL, serve, NULL) != 0 || !apart(other))
		return 1;
	const struct {
		const char *what;
		struct request requests[2];
		int count;
	} calls[] = {
		{ "nothing", { { -1, 0, NULL, 0, 0 } }, 1 },
		{ "clock", { { SYS_clock_gettime, CLOCK_MONOTONIC, &t, 0, 0 } }, 1 },
		{ "pread", { { SYS_pread64, file, bytes, PAGE, 0 } }, 1 },
		{ "pipe", { { SYS_write, ends[1], bytes, SMALL, 0 }, { SYS_read, ends[0], bytes, SMALL, 0 } }, 2 },
	};
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		measure("direct", calls[i].what, call, calls[i].requests, calls[i].count, batches);
		measure("ring", calls[i].what, by_ring, calls[i].requests, calls[i].count, batches);
	}
	atomic_store(&ended, true);
	return pthread_join(other, NULL);
}
