// SPDX-License-Identifier: Apache-2.0
// The arena of memory.c, and how what happens to it is told.
#ifndef MEMORY_H
#define MEMORY_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096ul
#define PAGES 96ul
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *arena, out[1 << 16];
static sigjmp_buf back;
static volatile int code, expected;

static void caught(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	code = info->si_code;
	if (!expected)
		_exit(99);
	siglongjmp(back, 1);
}

// What one page lets be done, and its first word: w1, r1, 0 for no access, . where nothing is mapped.
__attribute__((noinline)) static void show_page(volatile uint64_t *word)
{
	uint64_t value;

	code = 0;
	if (sigsetjmp(back, 1)) {
		printf("%c", code == SEGV_MAPERR ? '.' : '0');
		return;
	}
	value = *word;
	if (sigsetjmp(back, 1)) {
		printf("r%llx", (unsigned long long)value);
		return;
	}
	*word = value;
	printf("w%llx", (unsigned long long)value);
}

static void show(unsigned long from, unsigned long count)
{
	for (unsigned long i = from; i < from + count; i++) {
		expected = 1;
		show_page((uint64_t *)(arena + i * PAGE));
		expected = 0;
		putchar(' ');
	}
	putchar('\n');
}

// A result: an error's name, a place in the arena, or that it is elsewhere.
static void told(const char *what, long result)
{
	if (result < 0 && result > -4096)
		printf("%s: %s\n", what, strerrorname_np((int)-result));
	else if (result >= (long)arena && result < (long)(arena + PAGES * PAGE))
		printf("%s: arena + %ld\n", what, result - (long)arena);
	else
		printf("%s: %s\n", what, result > 4096 ? "elsewhere" : result == 0 ? "0" : "positive");
}

// Where a mapping that does not insist went; what is not at its hint is nobody's business and goes again.
static void placed(const char *what, long result, char *hint)
{
	if (result < 0 && result > -4096)
		told(what, result);
	else
		printf("%s: %s\n", what, (char *)result == hint ? "at its hint" : "elsewhere");
	if ((char *)result != hint)
		syscall(SYS_munmap, result, PAGE);
}

static long raw(long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e, unsigned long f)
{
	long result = syscall(number, a, b, c, d, e, f);

	return result == -1 ? -errno : result;
}

#define MMAP(at, length, prot, flags) raw(SYS_mmap, (unsigned long)(at), length, prot, flags, -1ul, 0)
#define MUNMAP(at, length) raw(SYS_munmap, (unsigned long)(at), length, 0, 0, 0, 0)
#define MPROTECT(at, length, prot) raw(SYS_mprotect, (unsigned long)(at), length, prot, 0, 0, 0)
#define MADVISE(at, length, advice) raw(SYS_madvise, (unsigned long)(at), length, advice, 0, 0, 0)
#define MREMAP(at, old, new, flags, to) raw(SYS_mremap, (unsigned long)(at), old, new, flags, (unsigned long)(to), 0)
#define AT(page) (arena + (page) * PAGE)

#endif
