// SPDX-License-Identifier: Apache-2.0
// Handlers called by either way into the shim, and frames of rt_sigreturn that no honest program makes.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include "probe.h"

#define STATE_HEADER_AT 512
#define STATE_MAGIC_AT 464
#define MXCSR_INIT 0x1f80u

typedef void (*change)(ucontext_t *);

static volatile int calls;
static change next;
static sigjmp_buf back;
static uint64_t here[4];

/* Calls what the probe wants done to the frame. */
static void handler(int number, siginfo_t *info, void *context)
{
	CHECK(number == SIGUSR1 && info->si_signo == SIGUSR1);
	calls++;
	if (next != NULL)
		next(context);
}

static void install(int number, void (*to)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = to, .sa_flags = SA_SIGINFO | flags };

	CHECK(sigaction(number, &action, NULL) == 0);
}

static uint32_t mxcsr(void)
{
	uint32_t now;

	__asm__ volatile("stmxcsr %0" : "=m"(now));
	return now;
}

static void set_mxcsr(uint32_t to)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(to));
}

static uint8_t *state_of(ucontext_t *context)
{
	return (uint8_t *)context->uc_mcontext.fpregs;
}

/* A signal by `syscall`, and the flags and AVX state after it. */
static uint64_t send(uint64_t flags, uint64_t seen[4])
{
	const uint64_t marks[4] = { 1, 2, 3, 4 };
	uint64_t after;
	long result;

	__asm__ volatile("vmovdqu %[marks], %%ymm6\n\tpushq %[flags]\n\tpopfq\n\tsyscall\n\t"
			 "pushfq\n\tpopq %[after]\n\tcld\n\tvmovdqu %%ymm6, %[seen]"
			 : "=a"(result), [after] "=r"(after), [seen] "=m"(*(uint64_t(*)[4])seen)
			 : "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1), [marks] "m"(marks), [flags] "r"(flags)
			 : "rcx", "r11", "memory", "cc", "xmm6");
	CHECK(result == 0);
	return after;
}

static void spoil(ucontext_t *context)
{
	(void)context;
	__asm__ volatile("vpcmpeqd %%ymm6, %%ymm6, %%ymm6\n\tstd\n\tcld" : : : "xmm6", "cc");
	set_mxcsr(0x3f80);
}

void signal_handlers(void)
{
	uint64_t seen[4];
	sigset_t set;

	install(SIGUSR1, handler, 0);
	next = spoil;
	set_mxcsr(0x5f80);
	CHECK((send(0x2 | 0x400, seen) & 0x400) == 0x400 && calls == 1);
	CHECK(seen[0] == 1 && seen[3] == 4 && mxcsr() == 0x5f80);
	set_mxcsr(MXCSR_INIT);
	CHECK(direct(SYS_kill, getpid(), SIGUSR1, 0) == 0 && calls == 2);
	CHECK(direct(SYS_getpid, 0, 0, 0) == getpid());
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && raise(SIGUSR1) == 0 && calls == 2);
	sigemptyset(&set);
	CHECK(sigsuspend(&set) == -1 && errno == EINTR && calls == 3);
	CHECK(raise(SIGUSR1) == 0 && calls == 3); /* blocked again */
	signal(SIGUSR1, SIG_IGN);
	CHECK(sigpending(&set) == 0 && !sigismember(&set, SIGUSR1));
}

static int ends[2];

static void feed(int number, siginfo_t *info, void *context)
{
	(void)number, (void)info, (void)context;
	calls++;
	CHECK(write(ends[1], "x", 1) == 1);
}

/* A read by the direct entry that a timer's signal interrupts; the handler makes that there is something to read. */
static long interrupted_read(int flags)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 20000 } };
	char bytes[8];

	install(SIGALRM, feed, flags);
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	return direct(SYS_read, ends[0], (long)bytes, sizeof(bytes));
}

void signal_restart(void)
{
	CHECK(pipe(ends) == 0);
	CHECK(interrupted_read(SA_RESTART) == 1 && calls == 1);
	CHECK(interrupted_read(0) == -EINTR && calls == 2);
}

/* Everything in the image that would make XRSTOR fault, or turn on what is not there. */
static void poison(ucontext_t *context)
{
	uint8_t *state = state_of(context);

	memset(state + 24, 0xff, 4);
	memset(state + 24, 0x80, 1);
	state[25] = 0x1f;
	memset(state + STATE_HEADER_AT, 0xff, 64);
	context->uc_mcontext.gregs[REG_EFL] |= 0x100 | 0x3000 | 0x4000 | 1; /* TF, IOPL, NT; CF is its own */
}

static void no_state(ucontext_t *context)
{
	context->uc_mcontext.fpregs = NULL;
}

/* Without the note there is x87 and SSE alone. */
static void old_state(ucontext_t *context)
{
	memset(state_of(context) + STATE_MAGIC_AT, 0, 4);
}

void signal_frames(void)
{
	uint64_t seen[4];
	uint64_t flags;

	install(SIGUSR1, handler, 0);
	next = poison;
	flags = send(2, seen);
	CHECK((flags & 1) == 1 && (flags & 0x7100) == 0);
	CHECK(mxcsr() == MXCSR_INIT && seen[0] == 1 && seen[3] == 4);
	next = old_state;
	send(2, seen);
	CHECK(seen[0] == 1 && seen[1] == 2 && seen[2] == 0 && seen[3] == 0);
	next = no_state;
	set_mxcsr(0x3f80);
	send(2, seen);
	CHECK(mxcsr() == MXCSR_INIT && seen[0] == 0 && seen[3] == 0);
	CHECK(calls == 3);
}

static void bad_rip(ucontext_t *context)
{
	context->uc_mcontext.gregs[REG_RIP] = (greg_t)0x8000000000000000ull;
}

void signal_bad_rip(void)
{
	install(SIGUSR1, handler, 0);
	next = bad_rip;
	send(2, here);
}

static void bad_state(ucontext_t *context)
{
	context->uc_mcontext.fpregs = (fpregset_t)(uintptr_t)64;
}

void signal_bad_state(void)
{
	install(SIGUSR1, handler, 0);
	next = bad_state;
	send(2, here);
}

void signal_no_restorer(void)
{
	const uint64_t action[4] = { (uint64_t)handler, SA_SIGINFO, 0, 0 };

	CHECK(syscall(SYS_rt_sigaction, SIGUSR1, action, NULL, 8) == 0);
	send(2, here);
}

void signal_direct_return(void)
{
	direct(SYS_rt_sigreturn, 0, 0, 0);
}

static void escape(int number, siginfo_t *info, void *context)
{
	CHECK(number == SIGSEGV && info->si_code == SI_KERNEL);
	CHECK(((ucontext_t *)context)->uc_mcontext.gregs[REG_RSP] == 16);
	siglongjmp(back, 1);
}

/* No frame fits below 16: that is a SIGSEGV, for whose handler there is another stack. */
void signal_no_room(void)
{
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };

	CHECK(sigaltstack(&stack, NULL) == 0);
	install(SIGUSR1, handler, 0);
	install(SIGSEGV, escape, SA_ONSTACK);
	if (sigsetjmp(back, 1) == 0)
		__asm__ volatile("movl $16, %%esp\n\tsyscall"
				 :
				 : "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1)
				 : "rcx", "r11", "memory");
	CHECK(calls == 0);
}
