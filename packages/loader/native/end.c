/* SPDX-License-Identifier: Apache-2.0 */
/* How a Keep ended, in numbers for the loader and in words for people; and the statistics. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "helper.h"

/* A system call, not the vDSO: Syscall User Dispatch allows those of the helper's own code only. */
uint64_t now_ns(void)
{
	struct timespec now;
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The first ending stays, whichever thread it comes from. */
static bool claim(struct keep_host *host)
{
	return !__atomic_exchange_n(&host->claimed, true, __ATOMIC_ACQ_REL);
}

static void end_said(struct keep_host *host, uint32_t ended, uint32_t cause, const char *format, va_list list)
{
	struct ending *ending = &host->ending;
	if (!claim(host))
		return;
	ending->ended = ended;
	ending->cause = cause;
	vsnprintf(ending->text, sizeof ending->text, format, list);
}

/* Always false, so that a step of the start can end with it. */
bool end_killed(struct keep_host *host, uint32_t cause, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	end_said(host, ENDED_KILLED, cause, format, list);
	va_end(list);
	return false;
}

/* The virtual machine stopped, in KVM's words. */
void end_trapped(struct keep_host *host, uint32_t cause, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	end_said(host, ENDED_TRAPPED, cause, format, list);
	va_end(list);
}

const char *vector_name(uint32_t vector)
{
	static const char *const names[] = {"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "",	  "#TS",
					    "#NP", "#SS", "#GP", "#PF", "",    "#MF", "#AC", "#MC", "#XM", "#VE", "#CP"};
	return vector < sizeof names / sizeof names[0] ? names[vector] : "an exception";
}

/* This thread's fault in the CPU's words: `#GP(0): EENTER: TCS.CSSA 2 >= TCS.NSSA 2`. */
void end_fault(struct keep_host *host, uint32_t ended, uint32_t cause, const char *leaf)
{
	struct ending *ending = &host->ending;
	const struct fault *fault = &cpu_self()->fault;
	char why[160] = "";
	if (!claim(host))
		return;
	if (fault->why != NULL)
		/* Each `why` is a literal of cpu/ that prints at most two 64-bit numbers. */
		snprintf(why, sizeof why, fault->why, (unsigned long long)fault->found, (unsigned long long)fault->expected);
	ending->ended = ended;
	ending->cause = cause;
	ending->vector = fault->vector;
	ending->error_code = fault->error_code;
	const uint64_t offset = fault->address - (uint64_t)host->base;
	ending->address = offset < host->start.size ? offset & ~(PAGE - 1) : 0;
	snprintf(ending->text, sizeof ending->text, "%s(%u)%s%s: %s", vector_name(fault->vector), fault->error_code,
		 leaf == NULL ? "" : ": ", leaf == NULL ? "" : leaf, why);
}

/* For a cause that the emulated CPU noted. */
void end_cause(struct keep_host *host, const struct cpu *cpu)
{
	const uint32_t cause = cpu->cause != 0 ? cpu->cause : enclave.cause;
	char why[160] = "";
	if (cause == CAUSE_EXIT_REGISTERS)
		snprintf(why, sizeof why, "%s", cpu->fault.why);
	else if (cause == CAUSE_HELPER_FAULT)
		snprintf(why, sizeof why, cpu->fault.why, (unsigned long long)cpu->fault.found,
			 (unsigned long long)cpu->fault.expected);
	else if (cause == CAUSE_EPC_EXHAUSTED)
		snprintf(why, sizeof why, "%llu pages are in use", (unsigned long long)enclave.stats.pages);
	else if (cause == CAUSE_EXIT_TARGET)
		snprintf(why, sizeof why, "RBX 0x%llx", (unsigned long long)cpu->regs.rbx);
	end_killed(host, cause, "%s", why);
}

static size_t write_count(uint8_t *out, uint32_t number, uint64_t count)
{
	if (count == 0)
		return 0;
	const struct call_count one = {.number = number, .count = count};
	memcpy(out, &one, sizeof one);
	return sizeof one;
}

/* STATISTICS and its CALL_COUNTs, of host calls and of exits; the bytes written. The Keep's threads may be counting meanwhile: each number is whole. */
size_t statistics_write(struct keep_host *host, uint8_t *out)
{
	struct statistics stats = enclave.stats;
	size_t length = sizeof stats;
	for (uint32_t i = 0; i < enclave.cpu_count; i++) {
		const struct statistics *own = &cpu_at(i)->stats;
		stats.entries += own->entries;
		stats.resumes += own->resumes;
		stats.aexs += own->aexs;
		stats.host_calls += own->host_calls;
		stats.injected += own->injected;
		stats.ignored += own->ignored;
	}
	for (uint32_t i = 0; i < CALL_NUMBERS; i++)
		length += write_count(out + length, i, host->calls[i]);
	for (uint32_t i = 0; i < PLATFORM_NUMBERS; i++)
		length += write_count(out + length, PLATFORM_CALLS + i, host->platform_calls[i]);
	stats.call_count = (uint32_t)((length - sizeof stats) / sizeof(struct call_count));
	length += vm_statistics(&stats, out + length);
	stats.total_ns = (host->ended_ns != 0 ? host->ended_ns : now_ns()) - host->started_ns;
	memcpy(out, &stats, sizeof stats);
	return length;
}

/* As the Keep itself said it. */
void end_own(struct keep_host *host, uint32_t ended, uint32_t status, uint64_t offset)
{
	if (!claim(host))
		return;
	host->ending = (struct ending){.ended = ended, .status = status, .offset = offset};
}

/* As the shim said it, and what there is to tell besides. */
void end_refused(struct keep_host *host, uint32_t reason, uint64_t offset, const char *text)
{
	if (!claim(host))
		return;
	host->ending = (struct ending){.ended = ENDED_REFUSED, .status = reason, .offset = offset};
	snprintf(host->ending.text, sizeof host->ending.text, "%s", text);
}

/* By a signal for a fault of the program's own, whose registers are where ENDED.offset says. */
void end_program_fault(struct keep_host *host, uint32_t signal, uint32_t vector, uint64_t address, uint64_t offset)
{
	if (!claim(host))
		return;
	host->ending = (struct ending){.ended = ENDED_SIGNALLED, .status = signal, .vector = vector, .address = address, .offset = offset};
}
