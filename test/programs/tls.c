// SPDX-License-Identifier: Apache-2.0
// Thread-local storage, malloc of all sizes, stdio in both directions, environment, exit status.
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static __thread int counter = 41;
static __thread char scratch[64];

static int by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	uint32_t state = 12345, sum = 0;
	char line[128];
	void *held[256] = { 0 };

	counter++;
	snprintf(scratch, sizeof scratch, "tls %d", counter);
	puts(scratch);
	for (int i = 1; i < argc; i++)
		printf("argv[%d] = %s\n", i, argv[i]);
	printf("K = %s\n", getenv("K") ? getenv("K") : "(none)");

	/* sizes on both sides of malloc's mmap threshold, freed out of order */
	for (int round = 0; round < 4000; round++) {
		state = state * 1664525u + 1013904223u;
		unsigned slot = state >> 24;
		size_t size = (state >> 8) % (round % 50 == 0 ? 1u << 20 : 3000u) + 1;
		free(held[slot]);
		held[slot] = malloc(size);
		if (!held[slot])
			return 9;
		memset(held[slot], (int)slot, size);
		sum += ((unsigned char *)held[slot])[size - 1];
	}
	held[0] = realloc(held[0], 3u << 20);
	sum += held[0] != NULL;
	printf("malloc %u\n", sum);

	uint32_t *numbers = calloc(50000, sizeof *numbers);
	for (int i = 0; i < 50000; i++)
		numbers[i] = state = state * 1664525u + 1013904223u;
	qsort(numbers, 50000, sizeof *numbers, by_value);
	printf("sorted %u %u %u\n", numbers[0], numbers[25000], numbers[49999]);
	printf("float %.17g %a\n", sqrt(2.0) * exp(1.0), pow(1.1, 33));

	while (fgets(line, sizeof line, stdin))
		printf("in: %s", line);

	struct timespec before, after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("time %s\n", after.tv_sec > before.tv_sec || (after.tv_sec == before.tv_sec && after.tv_nsec >= before.tv_nsec) ? "forward" : "backward");
	errno = 0;
	int closed = close(77);
	printf("close %d %s\n", closed, strerror(errno));
	fflush(stdout);
	fputs("to stderr\n", stderr);
	return 3;
}
