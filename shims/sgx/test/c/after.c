// SPDX-License-Identifier: Apache-2.0
// The program that replaces the probe: says so, lives on for a while, and is all that it was before it ends. Without libc, so
// that the probe can hold its file.
#include <stdint.h>

#define SYS_WRITE 1
#define SYS_SCHED_YIELD 24
#define SYS_NANOSLEEP 35
#define SYS_EXIT_GROUP 231
#define WORDS 4096

static volatile uint64_t words[WORDS];

static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}

__attribute__((force_align_arg_pointer)) void _start(void)
{
	static const long nap[2] = { 0, 500000000 };

	for (uint64_t i = 0; i < WORDS; i++)
		words[i] = i;
	call(SYS_WRITE, 1, (long)"after\n", 6);
	for (int i = 0; i < 100; i++)
		call(SYS_SCHED_YIELD, 0, 0, 0);
	call(SYS_NANOSLEEP, (long)nap, 0, 0);
	for (uint64_t i = 0; i < WORDS; i++)
		if (words[i] != i)
			call(SYS_EXIT_GROUP, 22, 0, 0);
	call(SYS_EXIT_GROUP, 21, 0, 0);
	for (;;)
		;
}
