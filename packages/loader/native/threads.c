/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Keep's threads: one of this process for each TCS that the Keep has asked to be entered (docs/adr/0024-threads-on-demand.md).
 * The first is made before the sandbox closes and closes it; each other by the thread that serves the asking. So a Keep that
 * starts no thread costs none, and has a sandbox in which none can be made.
 */
#define _GNU_SOURCE
#include <errno.h>
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

/* The boot thread closes the sandbox, over all threads that there will be. */
static bool may_run(struct keep_thread *thread)
{
	struct keep_host *host = thread->host;
	if (__atomic_load_n(&host->claimed, __ATOMIC_ACQUIRE) || enclave.stop)
		return false;
	return thread->index != 0 || sandbox_enter(host) || end_killed(host, CAUSE_BACKEND, "seccomp: %s", strerror(errno));
}

static void *thread_main(void *context)
{
	struct keep_thread *thread = context;
	struct keep_host *host = thread->host;
	const uint64_t one = 1;
	if (!(is_vm(host) ? vm_thread_set_up(thread) : thread_set_up(thread)))
		end_killed(host, CAUSE_BACKEND, "this kernel does not let a thread of the Keep be set up (Linux 5.11 is needed): %s",
			   strerror(errno));
	else if (may_run(thread))
		(is_vm(host) ? vm_run : run_keep)(thread);
	if (host->ended_ns == 0)
		host->ended_ns = now_ns();
	__atomic_store_n(&thread->state, THREAD_OVER, __ATOMIC_RELEASE);
	(void)!write(enclave.wake_fd, &one, sizeof one);
	/* Not ended: that would make libc clean up, and needs system calls that sandbox.c forbids. */
	for (;;)
		pause();
	return NULL;
}

/* Addresses for the arenas. They cost nothing before they are used. */
static bool map_arenas(uint32_t count)
{
	const uint64_t size = (uint64_t)count * CPU_ARENA;
	uint8_t *from = mmap(NULL, size + CPU_ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (from == MAP_FAILED)
		return false;
	enclave.cpus = (struct cpu *)(((uint64_t)from + CPU_ARENA - 1) & ~(CPU_ARENA - 1ull));
	enclave.cpu_count = count;
	return true;
}

/* A page below each stack of an arena that cannot be touched. */
static bool guard_stacks(struct cpu *cpu)
{
	static const uint64_t guards[] = {CPU_TRAP_STACK, CPU_SERVICE_STACK, CPU_MAIN_STACK};
	for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++)
		if (mprotect((uint8_t *)cpu + guards[i], PAGE, PROT_NONE) != 0)
			return false;
	return true;
}

/* 0 or an errno. A new thread starts with everything blocked, and opens what it can bear. */
static int make(struct keep_thread *thread)
{
	pthread_t made;
	pthread_attr_t attributes;
	sigset_t all, before;
	if (thread->wake_fd < 0)
		thread->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (thread->wake_fd < 0 || !guard_stacks(thread->cpu))
		return errno;
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, (uint8_t *)thread->cpu + CPU_MAIN_STACK + PAGE, CPU_ARENA - CPU_MAIN_STACK - PAGE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	const int failed = pthread_create(&made, &attributes, thread_main, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return failed;
}

/* What all will need, and the boot thread. False with `ending` filled in if there is none to be had. */
bool threads_make(struct keep_host *host)
{
	const uint32_t count = host->start.tcs_count;
	sigset_t own;
	if (!is_vm(host))
		cpu_features();
	enclave.wake_fd = eventfd(0, EFD_CLOEXEC);
	host->threads = calloc(count, sizeof *host->threads);
	if (enclave.wake_fd < 0 || host->threads == NULL || !map_arenas(count) ||
	    (is_vm(host) && !vm_threads()))
		return end_killed(host, CAUSE_BACKEND, "%u threads: %s", count, strerror(errno));
	stops_start(host);
	for (uint32_t i = 0; i < count; i++)
		host->threads[i] = (struct keep_thread){.host = host,
							.cpu = cpu_at(i),
							.index = i,
							.enters = host->tcs != NULL ? host->tcs[i] : i,
							.held = host->debugged,
							.block = host->blocks + (uint64_t)i * HOSTCALL_BLOCK_SIZE,
							.wake_fd = -1};
	host->threads[0].state = THREAD_RUNS;
	/* Asynchronous signals that this process takes are the Keep's threads' alone. */
	sigemptyset(&own);
	sigaddset(&own, SIGNAL_STOP);
	sigaddset(&own, SIGNAL_TICK);
	pthread_sigmask(SIG_BLOCK, &own, NULL);
	if ((host->start.flags & START_SWITCHLESS) != 0 && !switchless_start(host))
		return end_killed(host, CAUSE_BACKEND, "the thread that watches for host calls: %s", strerror(errno));
	const int failed = make(&host->threads[0]);
	return failed == 0 || end_killed(host, CAUSE_BACKEND, "a thread: %s", strerror(failed));
}

/*
 * Makes the thread that enters a TCS. False if there is one already, or none to be had. On a thread of the Keep, between two of
 * its instructions: libc's thread-local storage is the host's meanwhile.
 */
bool threads_ask(struct keep_host *host, uint32_t index)
{
	struct keep_thread *thread = &host->threads[index];
	uint32_t none = THREAD_NONE;
	if (!__atomic_compare_exchange_n(&thread->state, &none, THREAD_RUNS, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	enclave.several = true;
	cpu_host();
	if (make(thread) == 0)
		return true;
	__atomic_store_n(&thread->state, THREAD_NONE, __ATOMIC_RELEASE);
	return false;
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
	switchless_stop(host);
	if (host->ended_ns == 0)
		host->ended_ns = now_ns();
	host->over = true;
}
