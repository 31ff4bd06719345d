/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shim's clock (clock.c) over what a host says.
 *
 * from: records of VM_CLOCK, a time stamp and a clock from standard input; a line for each, with the time or `ask`.
 * page: the page that the host writes, by a host of each kind.
 */
#include <stdio.h>
#include <string.h>
#include "../../include/clock.h"
#include "../../../core/generated/vm_map.h"
#include "../../../core/include/platform.h"

/* <sys/mman.h> has the same names as the shim's own header. */
void *mmap(void *address, size_t length, int prot, int flags, int fd, long offset);

struct record {
	struct vm_clock said;
	uint64_t tsc;
	int64_t clock;
};

static struct vm_clock *page;
static bool writes; /* the host, while it is read */

long copy_in(void *to, const void *untrusted, size_t length)
{
	memcpy(to, untrusted, length);
	if (writes)
		page->sequence += 2;
	return 0;
}

static void say(bool served, const struct timespec *time)
{
	if (served)
		printf("%ld.%09ld\n", (long)time->tv_sec, (long)time->tv_nsec);
	else
		puts("ask");
}

static void from_records(void)
{
	struct record record;
	struct timespec time;

	while (fread(&record, sizeof(record), 1, stdin) == 1)
		say(clock_from(&record.said, record.tsc, (int32_t)record.clock, &time), &time);
}

static uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* By a counter that stands still to it: a multiplier of 0. */
static void look(const char *what, uint64_t sequence, uint64_t back, uint64_t valid)
{
	struct timespec time;

	*page = (struct vm_clock){ .sequence = sequence, .tsc = ticks() - back, .valid = valid, .monotonic = 5000000007 };
	printf("%s: ", what);
	say(platform_clock(CLOCK_MONOTONIC, &time), &time);
}

int main(int argc, char **argv)
{
	const uint64_t long_time = 1ull << 38;

	if (argc > 1 && strcmp(argv[1], "from") == 0) {
		from_records();
		return 0;
	}
	if (mmap((void *)VM_MAP_SHARED, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) !=
	    (void *)VM_MAP_SHARED)
		return 1;
	page = (struct vm_clock *)VM_MAP_CLOCK;
	look("nothing said", 0, 0, 0);
	look("said", 2, 0, long_time);
	look("said too long ago", 2, long_time, long_time);
	look("said of the future", 2, -long_time, long_time);
	look("being written", 3, 0, long_time);
	writes = true;
	look("written meanwhile", 2, 0, long_time);
	return 0;
}
