/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Keep's threads: one of this process for each TCS. All are made, and set up, before the sandbox closes, and sleep until
 * the Keep asks for them: so the sandbox has neither clone nor what sets a thread up, and code that breaks out of a Keep
 * cannot make a thread that Syscall User Dispatch does not bind. A sleeping one costs its kernel stack and about four pages.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cpu/trap.h"
#include "helper.h"

#define HARDWARE_GRACE_NS 100000000

static void wait_while(uint32_t *word, uint32_t value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value)
		sys(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, value, 0);
}

static void wake(uint32_t *word)
{
	sys(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, 0x7fffffff, 0);
}

/* The boot thread waits for all others, closes the sandbox over them, and goes first. */
static bool may_run(struct keep_thread *thread)
{
	struct keep_host *host = thread->host;
	if (thread->index != 0) {
		wait_while(&thread->state, THREAD_PARKED);
		return !enclave.stop;
	}
	for (;;) {
		const uint32_t ready = __atomic_load_n(&host->ready, __ATOMIC_ACQUIRE);
		if (ready == host->start.tcs_count)
			break;
		wait_while(&host->ready, ready);
	}
	if (__atomic_load_n(&host->claimed, __ATOMIC_ACQUIRE) || enclave.stop)
		return false;
	return sandbox_enter(host) || end_killed(host, CAUSE_BACKEND, "seccomp: %s", strerror(errno));
}

static void *thread_main(void *context)
{
	struct keep_thread *thread = context;
	struct keep_host *host = thread->host;
	const uint64_t one = 1;
	if (!(host->start.backend == BACKEND_KVM ? vm_thread_set_up(thread) : thread_set_up(thread)))
		end_killed(host, CAUSE_BACKEND, "this kernel does not let a thread of the Keep be set up (Linux 5.11 is needed): %s",
			   strerror(errno));
	__atomic_fetch_add(&host->ready, 1, __ATOMIC_ACQ_REL);
	wake(&host->ready);
	if (may_run(thread))
		(host->start.backend == BACKEND_KVM ? vm_run : run_keep)(thread);
	if (host->ended_ns == 0)
		host->ended_ns = now_ns();
	__atomic_store_n(&thread->state, THREAD_OVER, __ATOMIC_RELEASE);
	(void)!write(enclave.wake_fd, &one, sizeof one);
	/* Not ended: that would make libc clean up, and needs system calls that sandbox.c forbids. */
	for (;;)
		pause();
	return NULL;
}

/* The arenas, with a page below each stack that cannot be touched. */
static bool map_arenas(uint32_t count)
{
	const uint64_t size = (uint64_t)count * CPU_ARENA;
	uint8_t *from = mmap(NULL, size + CPU_ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (from == MAP_FAILED)
		return false;
	const uint64_t first = ((uint64_t)from + CPU_ARENA - 1) & ~(CPU_ARENA - 1ull);
	enclave.cpus = (struct cpu *)first;
	enclave.cpu_count = count;
	static const uint64_t guards[] = {CPU_TRAP_STACK, CPU_SERVICE_STACK, CPU_MAIN_STACK};
	for (uint32_t i = 0; i < count; i++)
		for (size_t j = 0; j < sizeof guards / sizeof guards[0]; j++)
			if (mprotect((void *)(first + i * (uint64_t)CPU_ARENA + guards[j]), PAGE, PROT_NONE) != 0)
				return false;
	return true;
}

static int make(struct keep_thread *thread)
{
	pthread_t made;
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, (uint8_t *)thread->cpu + CPU_MAIN_STACK + PAGE, CPU_ARENA - CPU_MAIN_STACK - PAGE);
	const int failed = pthread_create(&made, &attributes, thread_main, thread);
	pthread_attr_destroy(&attributes);
	return failed;
}

/* False with `ending` filled in if there are no threads to be had. */
bool threads_make(struct keep_host *host)
{
	const uint32_t count = host->start.tcs_count;
	sigset_t all, before;
	if (host->start.backend != BACKEND_KVM)
		cpu_features();
	enclave.wake_fd = eventfd(0, EFD_CLOEXEC);
	host->threads = calloc(count, sizeof *host->threads);
	if (enclave.wake_fd < 0 || host->threads == NULL || !map_arenas(count) ||
	    (host->start.backend == BACKEND_KVM && !vm_threads(host)))
		return end_killed(host, CAUSE_BACKEND, "%u threads: %s", count, strerror(errno));
	/* A new thread starts with everything blocked, and opens what it can bear. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = 0;
	stops_start(host);
	/* The boot thread last: it is the one that need not sleep first. */
	for (uint32_t i = count; i-- > 0 && failed == 0;) {
		struct keep_thread *thread = &host->threads[i];
		*thread = (struct keep_thread){.host = host,
					       .cpu = cpu_at(i),
					       .index = i,
					       .enters = i,
					       .state = i == 0 ? THREAD_RUNS : THREAD_PARKED,
					       .held = host->debugged,
					       .block = host->blocks + (uint64_t)i * HOSTCALL_BLOCK_SIZE,
					       .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
		failed = thread->wake_fd < 0 ? errno : make(thread);
	}
	/* Asynchronous signals that this process takes are the Keep's threads' alone. */
	sigaddset(&before, SIGNAL_STOP);
	sigaddset(&before, SIGNAL_TICK);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0 || end_killed(host, CAUSE_BACKEND, "%u threads: %s", count, strerror(failed));
}

/* Lets a sleeping thread enter its TCS. False if it was asked before. No libc: on a thread of the Keep. */
bool threads_ask(struct keep_host *host, uint32_t index)
{
	struct keep_thread *thread = &host->threads[index];
	uint32_t parked = THREAD_PARKED;
	if (!__atomic_compare_exchange_n(&thread->state, &parked, THREAD_RUNS, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	enclave.several = true;
	wake(&thread->state);
	return true;
}

/* Ends the `wait` of a thread, or its next one. However often: the count of an eventfd has no room for a block. */
void threads_wake(struct keep_host *host, uint32_t index)
{
	const uint64_t one = 1;
	sys(SYS_write, host->threads[index].wake_fd, (long)&one, sizeof one, 0);
}

/* Some thread is in the Keep, or in a host call. */
static bool signal_running(struct keep_host *host)
{
	const int process = getpid();
	bool some = false;
	for (uint32_t i = 0; i < enclave.cpu_count; i++) {
		const struct keep_thread *thread = &host->threads[i];
		if (__atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) != THREAD_RUNS || thread->cpu->lost)
			continue;
		some = true;
		syscall(SYS_tgkill, process, thread->cpu->tid, SIGNAL_STOP);
	}
	return some;
}

/*
 * The Keep is over: gets its threads out, from wherever they are. A signal that arrives just before a system call blocks is lost, so
 * it is sent until they say that they are over. An enclave of hardware resumes by itself after a signal: a thread
 * that makes no host call is left running, and dies with this process. On the control thread.
 */
void threads_stop(struct keep_host *host)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	const uint64_t begun = now_ns();
	for (uint32_t i = 0; host->threads != NULL && i < enclave.cpu_count; i++)
		if (cpu_at(i)->lost)
			end_cause(host, cpu_at(i));
	enclave.stop = true;
	while (host->threads != NULL && signal_running(host)) {
		nanosleep(&nap, NULL);
		if (host->start.backend == BACKEND_HARDWARE && now_ns() - begun > HARDWARE_GRACE_NS)
			break;
	}
	if (host->ended_ns == 0)
		host->ended_ns = now_ns();
	host->over = true;
}
