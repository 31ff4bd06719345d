/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of a VM-based Keep: its vCPU, and signals that do nothing but interrupt KVM_RUN and, the one that stops, a blocking
 * system call. What the guest does raises no signal here, so there is none of the emulator's machinery.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cpu/trap.h"
#include "vm.h"

static void interrupted(int signal)
{
	(void)signal;
}

static bool install_handlers(void)
{
	const struct sigaction stop = {.sa_handler = interrupted}, tick = {.sa_handler = interrupted, .sa_flags = SA_RESTART};
	return sigaction(SIGNAL_STOP, &stop, NULL) == 0 && sigaction(SIGNAL_TICK, &tick, NULL) == 0;
}

static bool set_up_signals(void)
{
	sigset_t blocked;
	sigfillset(&blocked);
	sigdelset(&blocked, SIGNAL_STOP);
	sigdelset(&blocked, SIGNAL_TICK);
	return pthread_sigmask(SIG_SETMASK, &blocked, NULL) == 0;
}

/* Before there are threads, and before the sandbox closes, which does not let it in. */
bool vm_threads(void)
{
	return install_handlers();
}

/* On the thread itself, before it may run its vCPU. */
bool vm_thread_set_up(struct keep_thread *thread)
{
	thread->cpu->tid = (int)syscall(SYS_gettid);
	thread->cpu->index = thread->index;
	return set_up_signals();
}

uint32_t vm_cpuid_corrected(void)
{
	return snp.outcome.cpuid_corrected;
}

uint32_t vm_cr4_missing(void)
{
	return (uint32_t)machine.cr4_missing;
}

/* The exits by reason, as CALL_COUNTs; the bytes written. The vCPUs may be counting meanwhile. */
size_t vm_statistics(struct statistics *stats, uint8_t *out)
{
	struct call_count *counts = (struct call_count *)out;
	for (uint32_t reason = 0; reason < EXIT_REASONS; reason++) {
		struct call_count one = {.number = reason};
		for (uint32_t i = 0; machine.vcpus != NULL && i < enclave.cpu_count; i++)
			one.count += machine.vcpus[i].exits[reason];
		if (one.count != 0)
			counts[stats->exit_count++] = one;
	}
	for (uint32_t i = 0; machine.vcpus != NULL && i < enclave.cpu_count; i++)
		stats->entries += machine.vcpus[i].entries;
	return stats->exit_count * sizeof *counts;
}
