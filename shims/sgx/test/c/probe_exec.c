// SPDX-License-Identifier: Apache-2.0
// A program of four threads that another one replaces: one computes, one sleeps, one waits for input.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "probe.h"

/* The other program's file. */
__asm__(".section .rodata\n"
	"after: .incbin \"" AFTER "\"\n"
	"after_end:\n"
	".previous");
extern const char after[], after_end[];

static volatile uint64_t numbers[512];
static uint32_t word;

/* Leaves its traces wherever its memory was, should it ever go on in the other program. */
static void *compute(void *argument)
{
	for (uint64_t i = 0;; i++)
		numbers[i % 512] = ~i;
	return argument;
}

static void *sleep_for_ever(void *argument)
{
	for (;;)
		syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL);
	return argument;
}

static void *read_input(void *argument)
{
	char bytes[16];

	while (read(0, bytes, sizeof(bytes)) >= 0)
		;
	return argument;
}

void exec_replaces(void)
{
	static void *(*const run[])(void *) = { compute, sleep_for_ever, read_input };
	const struct timespec time = { .tv_nsec = 50000000 };
	char *const nothing[] = { NULL };
	pthread_t thread;
	int file = open("/tmp/after", O_WRONLY | O_CREAT, 0700);

	CHECK(write(file, after, (size_t)(after_end - after)) == after_end - after);
	CHECK(close(file) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(pthread_create(&thread, NULL, run[i], NULL) == 0);
	CHECK(nanosleep(&time, NULL) == 0);
	CHECK(write(1, "here\n", 5) == 5);
	execve("/tmp/after", nothing, nothing);
	CHECK(0);
}
