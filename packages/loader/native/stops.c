/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A debugger's stops (docs/adr/0021-debugger.md). A thread stands still at a gate before it enters the Keep: there all of its
 * registers are in the SSA frames, or it is in a host call. One that is inside is made to leave by an interrupt. What
 * stopped it (INT3, a single step, a signal that ends the Keep) it notes; the control thread then holds all others, and tells.
 *
 * The control thread alone holds others and lets them go. A thread notes only that it holds itself.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "cpu/trap.h"
#include "helper.h"

#define INT3 0xcc

static uint32_t reporter;	/* who was stopped first: 1 + its index; 0: nobody */
static bool standing;		/* all stand still, and the loader knows; of the control thread */

static const struct tcs *tcs_of(const struct keep_thread *thread)
{
	return (const struct tcs *)(enclave.memory + thread->enters);
}

/* ---- on a thread of the Keep: no libc ---- */

/* Of several that are stopped at once one is told. The others come to the same INT3 again, if it is still there. */
void stops_note(struct keep_thread *thread, uint32_t why, uint32_t signal)
{
	uint32_t nobody = 0;
	thread->stop_why = why;
	thread->stop_signal = signal;
	thread->cpu->single = false;
	__atomic_store_n(&thread->held, 1, __ATOMIC_SEQ_CST);
	__atomic_compare_exchange_n(&reporter, &nobody, thread->index + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	debug_ring();
}

/* What was to be stepped is done: the Keep's own handler has moved RIP, as for CPUID. */
static bool is_past(const struct keep_thread *thread)
{
	const struct tcs *tcs = tcs_of(thread);
	return thread->cpu->single && tcs->cssa == thread->cpu->single_frame + 1 &&
	       cpu_saved_regs(tcs, thread->cpu->single_frame)->rip != thread->cpu->single_from;
}

/* Waits until it may enter; false when the Keep is over. */
bool stops_gate(struct keep_thread *thread, bool resumes)
{
	if (!thread->host->debugged)
		return true;
	if (resumes && is_past(thread))
		stops_note(thread, STOP_WHY_STEP, 0);
	for (;;) {
		/* First the one, then the other, and the control thread the other way round: one of them sees it. */
		__atomic_store_n(&thread->within, 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&thread->held, __ATOMIC_SEQ_CST) == 0)
			return true;
		__atomic_store_n(&thread->within, 0, __ATOMIC_SEQ_CST);
		if (enclave.stop)
			return false;
		sys(SYS_futex, (long)&thread->held, FUTEX_WAIT_PRIVATE, 1, 0);
	}
}

void stops_left(struct keep_thread *thread)
{
	__atomic_store_n(&thread->within, 0, __ATOMIC_SEQ_CST);
}

/* gdb lets a function that it calls return to an INT3 on the stack, where nothing can be executed. */
static bool is_unreached_breakpoint(const struct cpu *cpu)
{
	const struct fault *fault = &cpu->fault;
	const uint64_t offset = fault->address - (uint64_t)enclave.base;
	return fault->vector == EXIT_VECTOR_PF && (fault->error_code & PF_ERROR_I) != 0 && fault->address == cpu->aex_regs.rip &&
	       offset < enclave.pages_end && enclave.memory[offset] == INT3;
}

/* Whether an exception is the debugger's: then the Keep is not told of it. */
bool stops_take(struct keep_thread *thread, uint32_t vector)
{
	if (!thread->host->debugged)
		return false;
	const bool breakpoint = vector == EXIT_VECTOR_BP || is_unreached_breakpoint(thread->cpu);
	if (breakpoint || vector == EXIT_VECTOR_DB)
		stops_note(thread, breakpoint ? STOP_WHY_BREAKPOINT : STOP_WHY_STEP, 0);
	return breakpoint || vector == EXIT_VECTOR_DB;
}

/* Before the Keep ends by a signal: the debugger sees it as it is. False when it is over by now. */
bool stops_signal(struct keep_thread *thread, uint32_t signal)
{
	while (thread->host->debugged && !thread->stop_told) {
		stops_note(thread, STOP_WHY_SIGNAL, signal);
		if (!stops_gate(thread, false))
			return false;
		stops_left(thread);
	}
	return true;
}

/* ---- on the control thread ---- */

static bool runs(const struct keep_thread *thread)
{
	return __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == THREAD_RUNS;
}

/* A signal that comes just before the Keep's code runs does nothing, so it is sent until the thread is out. */
static void bring_out(struct keep_thread *thread)
{
	const struct timespec nap = {.tv_nsec = 100000};
	const int process = getpid();
	while (__atomic_load_n(&thread->within, __ATOMIC_SEQ_CST) != 0 && !thread->cpu->lost) {
		thread->cpu->kicked = true;
		if (is_vm(thread->host))
			vcpu_interrupt(thread->host, thread->index);
		else
			syscall(SYS_tgkill, process, thread->cpu->tid, SIGNAL_TICK);
		nanosleep(&nap, NULL);
	}
}

static void stand_still(struct keep_host *host, uint32_t why, uint32_t index)
{
	uint8_t *running = calloc(host->start.tcs_count, 1);
	struct stopped stopped = {.why = why, .thread = index, .count = host->start.tcs_count};
	if (running == NULL)
		_exit(1);
	for (uint32_t i = 0; i < host->start.tcs_count; i++)
		__atomic_store_n(&host->threads[i].held, 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < host->start.tcs_count; i++) {
		running[i] = runs(&host->threads[i]);
		if (running[i])
			bring_out(&host->threads[i]);
	}
	if (why == STOP_WHY_SIGNAL) {
		host->threads[index].stop_told = true;
		stopped.signal = host->threads[index].stop_signal;
	}
	standing = true;
	message_send(MESSAGE_STOPPED, 0, &stopped, sizeof stopped, running, stopped.count);
	free(running);
}

/* Before there are threads. They wait for the loader's word, so that it can write a breakpoint first. */
void stops_start(struct keep_host *host)
{
	host->debugged = (host->start.flags & START_DEBUGGER) != 0;
	standing = host->debugged;
}

/* Whether the loader may look at registers: nobody changes them. */
bool stops_standing(const struct keep_host *host)
{
	return host->debugged && standing;
}

void stops_heard(struct keep_host *host)
{
	const uint32_t first = __atomic_load_n(&reporter, __ATOMIC_ACQUIRE);
	if (first != 0 && !standing)
		stand_still(host, host->threads[first - 1].stop_why, first - 1);
}

/* The boot thread stands for all: that one is always there. */
void stops_ask(struct keep_host *host)
{
	if (host->debugged && !standing && !host->over)
		stand_still(host, STOP_WHY_ASKED, 0);
}

static void step(struct keep_thread *thread, bool wanted, bool stopped)
{
	const struct tcs *tcs = tcs_of(thread);
	struct cpu *cpu = thread->cpu;
	cpu->single = wanted && tcs->cssa > 0;
	if (cpu->single) {
		/* The program's, unless it was the shim's handler that stopped. */
		cpu->single_frame = stopped ? tcs->cssa - 1 : 0;
		cpu->single_from = cpu_saved_regs(tcs, cpu->single_frame)->rip;
	}
}

static void let_go(struct keep_thread *thread, uint32_t action, bool stopped)
{
	if (is_vm(thread->host))
		vm_single(thread->host, thread->index, action == STOP_ACTION_STEP);
	else
		step(thread, action == STOP_ACTION_STEP, stopped);
	if (action == STOP_ACTION_HOLD)
		return;
	__atomic_store_n(&thread->held, 0, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &thread->held, FUTEX_WAKE_PRIVATE, 0x7fffffff);
}

void stops_go(struct keep_host *host, const uint8_t *actions, uint32_t length)
{
	if (!host->debugged || length != host->start.tcs_count)
		_exit(1);
	if (!standing || host->threads == NULL)
		return; /* the Keep was ended meanwhile */
	standing = false;
	const uint32_t first = __atomic_exchange_n(&reporter, 0, __ATOMIC_ACQ_REL);
	for (uint32_t i = 0; i < length; i++)
		let_go(&host->threads[i], actions[i], first == i + 1);
}
