/* SPDX-License-Identifier: Apache-2.0 */
/* Nanoseconds a system call, best of some batches: served where the caller is, and by the host; by SYSCALL, and by the Keep's direct entry. */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define AT_MOTTE_ENTRY 0x4d4f5454
#define BATCH 200
#define READ 64

/* A call and its first three arguments, and the Keep's direct entry. */
typedef long (*caller)(long number, long first, void *second, long third, void *entry);

long by_syscall(long number, long first, void *second, long third, void *entry);
long by_entry(long number, long first, void *second, long third, void *entry);

/* by_entry leaves the stack as `call` would: it is entered by one. */
__asm__(".text\n"
	"by_syscall:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	syscall\n"
	"	ret\n"
	"by_entry:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	jmp *%r8\n");

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
static void measure(const char *name, caller call, long number, long first, void *second, long third, void *entry,
		    long batches)
{
	double best = 1e18;

	for (long i = 0; i < batches; i++) {
		double started = now();
		for (int n = 0; n < BATCH; n++)
			call(number, first, second, third, entry);
		double took = (now() - started) / BATCH;
		best = took < best ? took : best;
	}
	printf("%s %.1f\n", name, best);
}

/* What emulation is made of, where this runs natively: the FS base, which the kernel alone can set, and a trap. */
static long set_fs(long number, long first, void *second, long third, void *entry)
{
	(void)number, (void)first, (void)second, (void)third;
	return syscall(SYS_arch_prctl, ARCH_SET_FS, entry);
}

static long trap(long number, long first, void *second, long third, void *entry)
{
	(void)number, (void)first, (void)second, (void)third, (void)entry;
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
	measure("set-fs", set_fs, 0, 0, NULL, 0, (void *)fs, batches);
	measure("trap", trap, 0, 0, NULL, 0, NULL, batches);
}

/* A file of enough bytes for all reads, written before, so that no read waits for a page: in the Keep one of its own. */
static int file(long batches)
{
	static const char bytes[READ * BATCH];
	char name[] = "/tmp/bench-calls-XXXXXX";
	const int fd = mkstemp(name);
	int bad = fd < 0 || unlink(name) != 0;

	for (long i = 0; i < batches && !bad; i++)
		bad = write(fd, bytes, sizeof(bytes)) != sizeof(bytes);
	if (bad || lseek(fd, 0, SEEK_SET) != 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

static void measure_calls(const char *how, caller call, void *entry, long batches)
{
	static char bytes[READ];
	static uint32_t word;
	struct timespec t;
	char name[64];
	const struct {
		const char *what;
		long number, first;
		void *second;
		long third;
	} calls[] = {
		{ "inside", SYS_getpid, 0, NULL, 0 },
		{ "read", SYS_read, file(batches), bytes, READ },
		{ "futex", SYS_futex, (long)&word, (void *)FUTEX_WAKE_PRIVATE, 1 },
		{ "clock", SYS_clock_gettime, CLOCK_MONOTONIC, &t, 0 },
		{ "host", SYS_clock_gettime, CLOCK_MONOTONIC_RAW, &t, 0 },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		snprintf(name, sizeof(name), "%s-%s", how, calls[i].what);
		measure(name, call, calls[i].number, calls[i].first, calls[i].second, calls[i].third, entry, batches);
	}
}

int main(int argc, char **argv)
{
	long batches = argc > 1 ? atol(argv[1]) : 100;
	void *entry = (void *)getauxval(AT_MOTTE_ENTRY);

	measure_calls("trapped", by_syscall, entry, batches);
	if (entry != NULL)
		measure_calls("direct", by_entry, entry, batches);
	else
		measure_parts(batches);
	return 0;
}
