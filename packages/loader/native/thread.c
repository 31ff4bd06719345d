/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of the Keep: its signals, its alternate stack, and Syscall User Dispatch, by which a SYSCALL of the Keep becomes
 * a signal. Exclusive mode (Linux 5.11) without a selector: system calls from the helper's own code pass, all others
 * trap, whatever the Keep does to memory. Those of the vDSO's functions trap too, and are made by the handler.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "cpu/trap.h"
#include "helper.h"

#define PERIOD_LEAST_US 20 /* less would leave the Keep no time */

/* Exceptions of the Keep: never blocked, and raised again within a handler, because a handler is left by a jump. */
static const int exceptions[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};

/* For all threads, before the sandbox closes. */
static bool install_handlers(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART};
	action.sa_sigaction = (void (*)(int, siginfo_t *, void *))(void (*)(void))cpu_trap_entry;
	for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
		if (sigaction(exceptions[i], &action, NULL) != 0)
			return false;
	/* A tick that finds the thread in a system call is none of its business; a stop interrupts it, so that it looks. */
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigaddset(&action.sa_mask, SIGNAL_STOP);
	sigaddset(&action.sa_mask, SIGNAL_TICK);
	if (sigaction(SIGNAL_TICK, &action, NULL) != 0)
		return false;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	return sigaction(SIGNAL_STOP, &action, NULL) == 0;
}

static bool set_up_signals(struct cpu *cpu)
{
	sigset_t blocked;
	const stack_t alternate = {.ss_sp = (uint8_t *)cpu + CPU_TRAP_STACK + PAGE,
				   .ss_size = CPU_SERVICE_STACK - CPU_TRAP_STACK - PAGE};
	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
		sigdelset(&blocked, exceptions[i]);
	sigdelset(&blocked, SIGNAL_STOP);
	sigdelset(&blocked, SIGNAL_TICK);
	return sigaltstack(&alternate, NULL) == 0 && pthread_sigmask(SIG_SETMASK, &blocked, NULL) == 0;
}

/* From here on only the helper's text makes system calls on this thread. */
static bool dispatch_syscalls(struct keep_host *host)
{
	if (host->start.backend != BACKEND_EMULATED)
		return true; /* inside an enclave of hardware SYSCALL is #UD by itself */
	return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, __executable_start, etext - __executable_start, NULL) == 0;
}

/* Arms the timer of random AEXs anew; the period is a mean, so the next one comes within twice of it. */
void thread_tick(struct keep_thread *thread)
{
	const struct keep_host *host = thread->host;
	if (host->start.aex_period_us == 0 || host->start.backend != BACKEND_EMULATED)
		return;
	uint64_t *seed = &thread->cpu->seed;
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	const uint32_t period = host->start.aex_period_us;
	const uint64_t span = 2000ull * (period < PERIOD_LEAST_US ? PERIOD_LEAST_US : period);
	const uint64_t next = 1000 + (*seed >> 16) % span;
	const struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(next / 1000000000), .tv_nsec = (long)(next % 1000000000)},
		/* A tick that finds the thread outside is lost; another follows. */
		.it_interval = {.tv_sec = (time_t)(span / 1000000000), .tv_nsec = (long)(span % 1000000000)},
	};
	sys(SYS_timer_settime, (long)thread->tick, 0, (long)&when, 0);
}

/* Armed when the thread enters the Keep: run_keep(). */
static bool make_ticks(struct keep_thread *thread)
{
	const struct keep_host *host = thread->host;
	if (host->start.aex_period_us == 0 || host->start.backend != BACKEND_EMULATED)
		return true;
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGNAL_TICK};
	event._sigev_un._tid = thread->cpu->tid;
	return syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &thread->tick) == 0;
}

/* On the thread itself, before it may enter the Keep. False with errno if the kernel lacks something. */
bool thread_set_up(struct keep_thread *thread)
{
	struct cpu *cpu = thread->cpu;
	const struct start *start = &thread->host->start;
	cpu->tid = (int)syscall(SYS_gettid);
	cpu->index = thread->index;
	cpu->stack = (uint64_t)cpu + CPU_MAIN_STACK;
	cpu->seed = (start->seed != 0 ? start->seed : 0x6d6f747465) + thread->index;
	cpu_start();
	return (thread->index != 0 || install_handlers()) && set_up_signals(cpu) && make_ticks(thread) &&
	       dispatch_syscalls(thread->host);
}
