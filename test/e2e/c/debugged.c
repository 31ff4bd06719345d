/* SPDX-License-Identifier: Apache-2.0 */
/* For a debugger: functions, variables of each kind, threads, an INT3 of its own, a loop without end, a fault. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define THREADS 3

struct pair {
	int number;
	double half;
};

static struct pair pair = {3, 2.5};
static int counter = 7;
static volatile int waiting = 1;
static pthread_barrier_t barrier;

__attribute__((noinline)) static int leaf(int x)
{
	counter += x;
	return counter * 2;
}

__attribute__((noinline)) static int middle(int x)
{
	const int y = leaf(x + 1);
	return y + pair.number;
}

__attribute__((noinline)) static void meet(long index)
{
	pthread_barrier_wait(&barrier);
	__atomic_fetch_add(&counter, (int)index, __ATOMIC_RELAXED);
}

static void *thread(void *index)
{
	meet((long)index);
	return NULL;
}

static int threads(void)
{
	pthread_t all[THREADS];
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&all[i], NULL, thread, (void *)(i + 1));
	meet(10);
	for (int i = 0; i < THREADS; i++)
		pthread_join(all[i], NULL);
	return counter;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int result = middle(argc);
	if (strcmp(how, "threads") == 0)
		result = threads();
	if (strcmp(how, "int3") == 0)
		__asm__ volatile("int3");
	if (strcmp(how, "cpuid") == 0)
		__asm__ volatile("xorl %%eax, %%eax\nat_cpuid: cpuid\nafter_cpuid: nop\n	nop" ::: "rax", "rbx", "rcx", "rdx");
	if (strcmp(how, "fault") == 0)
		*(volatile int *)24 = 1;
	if (strcmp(how, "wait") == 0) {
		(void)!write(1, "waiting\n", 8);
		while (waiting)
			counter++;
	}
	printf("result %d\n", result);
	return result & 0x7f;
}
