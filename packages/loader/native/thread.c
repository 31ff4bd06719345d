/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Keep's thread: its signals, its alternate stack, and Syscall User Dispatch, by which a SYSCALL of the Keep becomes
 * a signal. Exclusive mode (Linux 5.11) without a selector: system calls from the helper's own code pass, all others
 * trap, whatever the Keep does to memory. Those of the vDSO's functions trap too, and are made by the handler.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "cpu/trap.h"
#include "helper.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif
#define TRAP_STACK_SIZE 0x10000
#define SERVICE_STACK_SIZE 0x10000
#define PERIOD_LEAST_US 20 /* less would leave the Keep no time */
#define HARDWARE_GRACE_NS 100000000

extern const char __executable_start[], etext[];

static pthread_t keep_thread;
static bool keep_thread_runs;
static timer_t tick_timer;

/* Exceptions of the Keep: never blocked, and raised again within a handler, because a handler is left by a jump. */
static const int exceptions[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};

static bool install_handlers(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART};
	action.sa_sigaction = (void (*)(int, siginfo_t *, void *))(void (*)(void))cpu_trap_entry;
	for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
		if (sigaction(exceptions[i], &action, NULL) != 0)
			return false;
	/* These interrupt a system call, so that the thread looks whether it shall stop. */
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigaddset(&action.sa_mask, SIGNAL_STOP);
	sigaddset(&action.sa_mask, SIGNAL_TICK);
	return sigaction(SIGNAL_STOP, &action, NULL) == 0 && sigaction(SIGNAL_TICK, &action, NULL) == 0;
}

static bool set_up_thread(void)
{
	sigset_t blocked;
	const uint64_t size = TRAP_STACK_SIZE + SERVICE_STACK_SIZE;
	uint8_t *stacks = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stacks == MAP_FAILED)
		return false;
	cpu.trap_stack = stacks;
	cpu.trap_stack_size = TRAP_STACK_SIZE;
	cpu.stack = (uint64_t)(stacks + size);
	cpu_start();
	const stack_t alternate = {.ss_sp = stacks, .ss_size = TRAP_STACK_SIZE};
	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
		sigdelset(&blocked, exceptions[i]);
	sigdelset(&blocked, SIGNAL_STOP);
	sigdelset(&blocked, SIGNAL_TICK);
	return sigaltstack(&alternate, NULL) == 0 && install_handlers() && pthread_sigmask(SIG_SETMASK, &blocked, NULL) == 0;
}

/* From here on only the helper's text makes system calls on this thread. */
static bool dispatch_syscalls(struct keep_host *host)
{
	if (host->start.backend != BACKEND_EMULATED)
		return true; /* inside an enclave of hardware SYSCALL is #UD by itself */
	return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, __executable_start, etext - __executable_start, NULL) == 0;
}

/* Arms the timer of random AEXs anew; the period is a mean, so the next one comes within twice of it. */
void run_tick(struct keep_host *host)
{
	if (host->start.aex_period_us == 0)
		return;
	cpu.seed = cpu.seed * 6364136223846793005ull + 1442695040888963407ull;
	const uint32_t period = host->start.aex_period_us;
	const uint64_t span = 2000ull * (period < PERIOD_LEAST_US ? PERIOD_LEAST_US : period);
	const uint64_t next = 1000 + (cpu.seed >> 16) % span;
	const struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(next / 1000000000), .tv_nsec = (long)(next % 1000000000)},
		/* A tick that finds the thread outside is lost; another follows. */
		.it_interval = {.tv_sec = (time_t)(span / 1000000000), .tv_nsec = (long)(span % 1000000000)},
	};
	timer_settime(tick_timer, 0, &when, NULL);
}

static bool start_ticks(struct keep_host *host)
{
	if (host->start.aex_period_us == 0 || host->start.backend != BACKEND_EMULATED)
		return true;
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGNAL_TICK};
	event._sigev_un._tid = (int)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &tick_timer) != 0)
		return false;
	run_tick(host);
	return true;
}

static void *keep_main(void *context)
{
	struct keep_host *host = context;
	const uint64_t one = 1;
	if (!set_up_thread() || !start_ticks(host) || !dispatch_syscalls(host) || !sandbox_enter(host))
		end_killed(host, CAUSE_BACKEND, "this kernel does not let the Keep's thread be set up (Linux 5.11 is needed): %s",
			   strerror(errno));
	else
		run_keep(host);
	host->ended_ns = now_ns();
	host->over = true;
	(void)!write(cpu.wake_fd, &one, sizeof one);
	/* Not ended: that would make libc unmap the stack, and needs system calls that sandbox.c forbids. */
	for (;;)
		pause();
	return NULL;
}

/* False with `ending` filled in if there is no thread to be had. */
bool thread_start(struct keep_host *host)
{
	sigset_t all, before;
	cpu.wake_fd = eventfd(0, EFD_CLOEXEC);
	sigfillset(&all);
	/* The new thread starts with everything blocked, and opens what it can bear. */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	const int failed = cpu.wake_fd < 0 ? errno : pthread_create(&keep_thread, NULL, keep_main, host);
	/* Asynchronous signals that this process takes are the Keep's thread's alone. */
	sigaddset(&before, SIGNAL_STOP);
	sigaddset(&before, SIGNAL_TICK);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed != 0)
		return end_killed(host, CAUSE_BACKEND, "pthread_create: %s", strerror(failed));
	keep_thread_runs = true;
	return true;
}

/*
 * Gets the Keep's thread out, from wherever it is. A signal that arrives just before a system call blocks is lost, so
 * it is sent until the thread says that it is over. An enclave of hardware resumes by itself after a signal: if it makes
 * no host call it is left running, and dies with this process.
 */
void thread_stop(struct keep_host *host)
{
	const uint64_t begun = now_ns();
	cpu.stop = true;
	while (keep_thread_runs && !host->over) {
		const struct timespec nap = {.tv_nsec = 1000000};
		pthread_kill(keep_thread, SIGNAL_STOP);
		nanosleep(&nap, NULL);
		if (host->start.backend == BACKEND_HARDWARE && now_ns() - begun > HARDWARE_GRACE_NS) {
			host->ended_ns = now_ns();
			host->over = true;
		}
	}
}
