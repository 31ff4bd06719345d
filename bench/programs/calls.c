/* SPDX-License-Identifier: Apache-2.0 */
/* Nanoseconds a system call: served where the caller is, and by the host; by SYSCALL, and by the Keep's direct entry. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>

#define AT_MOTTE_ENTRY 0x4d4f5454

typedef long (*caller)(long number, void *entry);

long by_syscall(long number, void *entry);
long by_entry(long number, void *entry);

/* Both take no arguments on to the call. by_entry leaves the stack as `call` would: it is entered by one. */
__asm__(".text\n"
	"by_syscall:\n"
	"	mov %rdi, %rax\n"
	"	xor %edi, %edi\n"
	"	syscall\n"
	"	ret\n"
	"by_entry:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %r11\n"
	"	xor %edi, %edi\n"
	"	jmp *%r11\n");

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void measure(const char *name, caller call, long number, void *entry, long count)
{
	call(number, entry);
	double started = now();
	for (long i = 0; i < count; i++)
		call(number, entry);
	printf("%s %.1f\n", name, (now() - started) / count);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 10000;
	void *entry = (void *)getauxval(AT_MOTTE_ENTRY);

	measure("trapped-inside", by_syscall, SYS_getpid, entry, count);
	measure("trapped-host", by_syscall, SYS_sched_yield, entry, count);
	if (entry != NULL) {
		measure("direct-inside", by_entry, SYS_getpid, entry, count);
		measure("direct-host", by_entry, SYS_sched_yield, entry, count);
	}
	return 0;
}
