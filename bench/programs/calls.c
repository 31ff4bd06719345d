/* SPDX-License-Identifier: Apache-2.0 */
/* Nanoseconds a system call, best of some batches: served where the caller is, and by the host; by SYSCALL, and by the Keep's direct entry. */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define AT_MOTTE_ENTRY 0x4d4f5454
#define BATCH 200

typedef long (*caller)(long number, long first, void *second, void *entry);

long by_syscall(long number, long first, void *second, void *entry);
long by_entry(long number, long first, void *second, void *entry);

/* by_entry leaves the stack as `call` would: it is entered by one. */
__asm__(".text\n"
	"by_syscall:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	syscall\n"
	"	ret\n"
	"by_entry:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	jmp *%rcx\n");

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/*
 * The best batch: on a machine that others use, a batch is short enough to fall between two of their turns, and the
 * two clock_gettime (host calls in a Keep) are spread over enough calls.
 */
static void measure(const char *name, caller call, long number, void *entry, long batches)
{
	struct timespec t;
	double best = 1e18;

	for (long i = 0; i < batches; i++) {
		double started = now();
		for (int n = 0; n < BATCH; n++)
			call(number, CLOCK_MONOTONIC, &t, entry);
		double took = (now() - started) / BATCH;
		best = took < best ? took : best;
	}
	printf("%s %.1f\n", name, best);
}

/* What emulation is made of, where this runs natively: the FS base, which the kernel alone can set, and a trap. */
static long set_fs(long number, long first, void *second, void *entry)
{
	(void)number, (void)first, (void)second;
	return syscall(SYS_arch_prctl, ARCH_SET_FS, entry);
}

static long trap(long number, long first, void *second, void *entry)
{
	(void)number, (void)first, (void)second, (void)entry;
	__asm__ volatile("ud2");
	return 0;
}

static void skip(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

static void measure_parts(long batches)
{
	struct sigaction action = {.sa_sigaction = skip, .sa_flags = SA_SIGINFO};
	unsigned long fs;

	if (syscall(SYS_arch_prctl, ARCH_GET_FS, &fs) != 0 || sigaction(SIGILL, &action, NULL) != 0)
		abort();
	measure("set-fs", set_fs, 0, (void *)fs, batches);
	measure("trap", trap, 0, NULL, batches);
}

int main(int argc, char **argv)
{
	long batches = argc > 1 ? atol(argv[1]) : 100;
	void *entry = (void *)getauxval(AT_MOTTE_ENTRY);

	measure("trapped-inside", by_syscall, SYS_getpid, entry, batches);
	measure("trapped-host", by_syscall, SYS_clock_gettime, entry, batches);
	if (entry != NULL) {
		measure("direct-inside", by_entry, SYS_getpid, entry, batches);
		measure("direct-host", by_entry, SYS_clock_gettime, entry, batches);
	} else {
		measure_parts(batches);
	}
	return 0;
}
