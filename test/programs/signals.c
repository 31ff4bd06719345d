/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that a program causes itself: faults and kill(), handlers, masks, alternate stacks, waiting. */
#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define ROOM (1 << 20)

static sigjmp_buf back;
static char *page;
static volatile int count;
static int depth;

static void set(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	sigemptyset(&action.sa_mask);
	if (sigaction(number, &action, NULL))
		perror("sigaction");
}

static void tell(const char *what, int number, const siginfo_t *info, const ucontext_t *context)
{
	long offset = page && (char *)info->si_addr >= page && (char *)info->si_addr < page + ROOM ? (char *)info->si_addr - page : -1;

	printf("%s: signal %d code %d vector %lld error %lld at %ld\n", what, number, info->si_code,
	       (long long)context->uc_mcontext.gregs[REG_TRAPNO], (long long)context->uc_mcontext.gregs[REG_ERR] & 0x3e, offset);
}

static void jump(int number, siginfo_t *info, void *context)
{
	tell("jump", number, info, context);
	siglongjmp(back, 1);
}

/* Makes the page writable and lets the instruction run again. */
static void mend(int number, siginfo_t *info, void *context)
{
	tell("mend", number, info, context);
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

/* Goes on after an instruction of two bytes. */
static void skip(int number, siginfo_t *info, void *context)
{
	ucontext_t *there = context;

	tell("skip", number, info, there);
	there->uc_mcontext.gregs[REG_RIP] += 2;
}

static void note(int number, siginfo_t *info, void *context)
{
	(void)context;
	printf("note %d: code %d, depth %d\n", number, info->si_code, ++depth);
	if (number == SIGUSR1 && !count) {
		count++;
		raise(SIGUSR2);             /* not blocked: at once */
		raise(SIGUSR1);             /* blocked by its own handler: after it */
		printf("note %d: still here\n", number);
	}
	depth--;
}

/* Spoils everything that a handler may spoil. */
static void spoil(int number, siginfo_t *info, void *context)
{
	(void)number, (void)info, (void)context;
	__asm__ volatile("vpcmpeqd %%ymm0, %%ymm0, %%ymm0\n\tvmovdqa %%ymm0, %%ymm7\n\tvmovdqa %%ymm0, %%ymm15\n\tstd\n\tcld\n\tfldpi\n\tfstp %%st(0)" : : : "memory");
	fesetround(FE_UPWARD);
	count++;
}

/* QEMU's interpreted CPU raises no exceptions of SSE. */
static void faults(bool sse)
{
	page = mmap(NULL, ROOM, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	set(SIGSEGV, mend, 0);
	*(volatile char *)(page + 5) = 7;
	printf("mended %d\n", page[5]);
	set(SIGSEGV, jump, 0);
	if (!sigsetjmp(back, 1))
		*(volatile char *)(page + 4096 + 9) = 1;
	munmap(page, ROOM);
	if (!sigsetjmp(back, 1))
		printf("%d\n", *(volatile char *)(page + 8193));
	if (!sigsetjmp(back, 1))
		*(volatile uint64_t *)0x8000000000000000ull = 1; /* not canonical: #GP */
	page = NULL;
	set(SIGFPE, skip, 0);
	__asm__ volatile("xorl %%edx, %%edx; xorl %%ecx, %%ecx; movl $1, %%eax; divl %%ecx" : : : "rax", "rcx", "rdx");
	set(SIGILL, skip, 0);
	__asm__ volatile("ud2");
	set(SIGTRAP, jump, 0);
	if (!sigsetjmp(back, 1))
		__asm__ volatile("int3");
	if (!sse)
		return;
	set(SIGFPE, jump, 0);
	feenableexcept(FE_DIVBYZERO);
	if (!sigsetjmp(back, 1)) {
		volatile double zero = 0;

		printf("%f\n", 1 / zero);
	}
	feenableexcept(FE_INVALID);
	fedisableexcept(FE_ALL_EXCEPT);
	feclearexcept(FE_ALL_EXCEPT);
}

static void registers(void)
{
	uint64_t before[4] = { 1, 2, 3, 4 }, after[4] = { 0 };
	pid_t self = getpid();
	int rounding;

	set(SIGUSR1, spoil, 0);
	__asm__ volatile("vmovdqu %2, %%ymm7\n\tsyscall\n\tvmovdqu %%ymm7, %1"
			 : "=a"(rounding), "=m"(after)
			 : "m"(before), "0"((long)SYS_kill), "D"((long)self), "S"((long)SIGUSR1)
			 : "rcx", "r11", "memory", "xmm7");
	printf("registers: %d handled, result %d, %s, rounding %s\n", count, rounding,
	       memcmp(before, after, sizeof(before)) ? "spoilt" : "kept", fegetround() == FE_TONEAREST ? "kept" : "spoilt");
}

/* Uses up the stack. */
static int overflow(volatile char *from)
{
	volatile char room[1024];

	room[0] = *from;
	return *from == 0 ? 0 : overflow(room) + room[0];
}

static void on_stack(int number, siginfo_t *info, void *context)
{
	stack_t now;

	(void)info, (void)context;
	sigaltstack(NULL, &now);
	printf("signal %d on the alternate stack: %d; changing it: %s\n", number, now.ss_flags == SS_ONSTACK,
	       sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL) ? strerror(errno) : "done");
	siglongjmp(back, 1);
}

static void alternate(void)
{
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 }, now;

	printf("sigaltstack %d\n", sigaltstack(&stack, NULL));
	set(SIGSEGV, on_stack, SA_ONSTACK);
	for (int i = 0; i < 3; i++)
		if (!sigsetjmp(back, 1))
			overflow("x");
	sigaltstack(NULL, &now);
	printf("flags %d, same %d, too small: %s\n", now.ss_flags, now.ss_sp == stack.ss_sp,
	       sigaltstack(&(stack_t){ .ss_sp = stack.ss_sp, .ss_size = 100 }, NULL) ? strerror(errno) : "done");
}

static void masks(void)
{
	sigset_t mask, old, waiting;
	struct timespec soon = { 0, 1000000 };
	siginfo_t info;
	int got;

	count = 0;
	set(SIGUSR1, note, 0);
	set(SIGUSR2, note, 0);
	set(SIGTERM, note, SA_NODEFER | SA_RESETHAND);
	raise(SIGUSR1);
	printf("kill %d\n", kill(getpid(), SIGUSR2));
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_BLOCK, &mask, &old);
	raise(SIGUSR2);
	raise(SIGUSR1);
	sigpending(&waiting);
	printf("pending: %d %d %d\n", sigismember(&waiting, SIGUSR1), sigismember(&waiting, SIGUSR2), sigismember(&waiting, SIGTERM));
	sigprocmask(SIG_SETMASK, &old, NULL);
	puts("unblocked");
	raise(SIGTERM);
	sigaction(SIGTERM, NULL, &(struct sigaction){ 0 });
	signal(SIGTERM, SIG_IGN);
	printf("ignored: %d\n", raise(SIGTERM));

	sigprocmask(SIG_BLOCK, &mask, NULL);
	raise(SIGUSR1);
	sigemptyset(&waiting);
	errno = 0;
	printf("sigsuspend %d %s\n", sigsuspend(&waiting), strerror(errno));
	printf("blocked again: %d\n", sigprocmask(SIG_BLOCK, NULL, &waiting) == 0 && sigismember(&waiting, SIGUSR1));
	raise(SIGUSR2);
	got = sigwaitinfo(&mask, &info);
	printf("sigwaitinfo %d code %d\n", got, info.si_code);
	errno = 0;
	printf("sigtimedwait %d %s\n", sigtimedwait(&mask, &info, &soon), strerror(errno));
	sigprocmask(SIG_SETMASK, &old, NULL);
	printf("none: %s\n", kill(getpid(), 65) ? strerror(errno) : "done");
}

static void queued(int number, siginfo_t *info, void *context)
{
	(void)context;
	printf("queued: signal SIGRTMIN+%d code %d value %d from %s\n", number - SIGRTMIN, info->si_code, info->si_value.sival_int,
	       info->si_pid == getpid() ? "here" : "elsewhere");
}

/* Of signals from SIGRTMIN on each waits; of the others one; the lower ones come first. */
static void queues(void)
{
	sigset_t mask, old, waiting;
	siginfo_t info;

	count = 0;
	set(SIGUSR1, note, 0);
	set(SIGRTMIN, queued, 0);
	set(SIGRTMIN + 3, queued, 0);
	sigfillset(&mask);
	sigprocmask(SIG_BLOCK, &mask, &old);
	for (int i = 1; i < 4; i++) {
		sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = i });
		sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 10 * i });
		raise(SIGUSR1);
	}
	raise(SIGRTMIN + 5);
	raise(SIGRTMIN + 5);
	sigpending(&waiting);
	printf("pending: %d %d\n", sigismember(&waiting, SIGRTMIN), sigismember(&waiting, SIGRTMIN + 5));
	signal(SIGRTMIN + 5, SIG_IGN);
	sigpending(&waiting);
	printf("ignored: %d\n", sigismember(&waiting, SIGRTMIN + 5));
	sigemptyset(&waiting);
	sigaddset(&waiting, SIGRTMIN + 3);
	printf("sigwaitinfo %d", sigwaitinfo(&waiting, &info) - SIGRTMIN);
	printf(" value %d\n", info.si_value.sival_int);
	sigpending(&waiting);
	printf("pending: %d\n", sigismember(&waiting, SIGRTMIN + 3));
	sigprocmask(SIG_SETMASK, &old, NULL);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	faults(argc < 2 || strcmp(argv[1], "no-sse") != 0);
	registers();
	masks();
	queues();
	alternate();
	signal(SIGABRT, SIG_DFL);
	abort();
}
