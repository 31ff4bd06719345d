/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compute [TIMES]: three kernels that make no system call: floating point, integers, memory. Prints the best nanoseconds of each. Where
 * the clock itself costs something, each figure is of TIMES runs between two looks at it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Each kernel takes about a millisecond, to fall between two turns of others, and 64 times, so that one does. */
#define ROUNDS 64
#define N 128
#define STEPS 400000
#define ITEMS (1 << 14)

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/*
 * Rows and matrices are no multiples of 4096 bytes: where they were, a store to `c` and the next load of `b` had the same low 12 bits, and
 * what the CPU then takes them for differed from one process to the next by a sixth of the kernel's time.
 */
static double a[N][N + 8], b[N][N + 24], c[N][N + 40];

static uint64_t matrix(void)
{
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			a[i][j] = i + j;
			b[i][j] = i - j;
			c[i][j] = 0;
		}
	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++)
			for (int j = 0; j < N; j++)
				c[i][j] += a[i][k] * b[k][j];
	return (uint64_t)c[N / 2][N / 3];
}

static uint64_t mix(void)
{
	uint64_t x = 1;

	for (int i = 0; i < STEPS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

static int ascending(const void *left, const void *right)
{
	uint32_t l = *(const uint32_t *)left, r = *(const uint32_t *)right;

	return (l > r) - (l < r);
}

static uint64_t sort(void)
{
	static uint32_t *items;
	uint32_t x = 12345;

	if (items == NULL && (items = malloc(ITEMS * sizeof(*items))) == NULL)
		abort();
	for (int i = 0; i < ITEMS; i++)
		items[i] = x = x * 1664525 + 1013904223;
	qsort(items, ITEMS, sizeof(*items), ascending);
	return items[ITEMS / 2];
}

static void measure(const char *name, uint64_t (*kernel)(void), int times, uint64_t *sum)
{
	double best = 1e18;

	*sum += kernel();
	for (int i = 0; i < ROUNDS; i += times) {
		double started = now();
		for (int j = 0; j < times; j++)
			*sum += kernel();
		double took = (now() - started) / times;
		best = took < best ? took : best;
	}
	printf("%s %.0f\n", name, best);
}

int main(int argc, char **argv)
{
	int times = argc > 1 ? atoi(argv[1]) : 1;
	uint64_t sum = 0;

	if (times < 1)
		return 2;

	measure("matrix", matrix, times, &sum);
	measure("integers", mix, times, &sum);
	measure("sort", sort, times, &sum);
	/* Printed, so that no kernel is dead code, and so that both runs can be seen to have computed the same. */
	printf("sum %llu\n", (unsigned long long)(sum % 1000003));
	return 0;
}
