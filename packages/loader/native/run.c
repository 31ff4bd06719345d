/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of entering and leaving (docs/sgx-keep.md): the same loop for hardware and for emulation. */
#include <string.h>
#include <sys/syscall.h>
#include "helper.h"
#include "hostcall_host.h"

/* The same exception with the same registers, again and again: the host withholds a page, or the Keep is stuck. */
#define STUCK_AFTER 64

struct loop {
	struct keep_thread *thread;
	struct keep_host *host;
	struct cpu *cpu;
	struct exit_registers registers;
	struct sgx_enclave_run run;
	uint32_t depth;		/* exceptions that the Keep is handling: at most 1 */
	bool probing;		/* a hostile entry after an interrupt is under way */
	uint64_t aexs;		/* before the last entry */
	struct regs stuck_at;
	uint32_t stuck;
};

/* What the thread's host-call block asks for, or, on another thread than that one, only what is prompt; false if the Keep must end. */
bool serve_call(struct keep_thread *thread, bool prompt_alone)
{
	struct keep_host *host = thread->host;
	struct hostcall_block *block = (struct hostcall_block *)thread->block;
	const uint32_t number = block->number;
	if (number < CALL_NUMBERS)
		__atomic_fetch_add(&host->calls[number], 1, __ATOMIC_RELAXED);
	else if (number - PLATFORM_CALLS < PLATFORM_NUMBERS)
		__atomic_fetch_add(&host->platform_calls[number - PLATFORM_CALLS], 1, __ATOMIC_RELAXED);
	thread->cpu->stats.host_calls++;
#ifdef MOTTE_HOSTILE
	if (hostile_unserved(host, block))
		return true;
#endif
	hostcall_serve(host, block, prompt_alone);
	return thread->cpu->cause == 0;
}

/* By a fault of the program, or by a system call: after a fault its registers are in the thread's first SSA frame. */
static void end_signal(struct loop *loop, uint32_t signal)
{
	if (!stops_signal(loop->thread, signal))
		return;
	if (loop->depth == 0)
		end_own(loop->host, ENDED_SIGNALLED, signal, 0);
	else
		end_program_fault(loop->host, signal, loop->run.exception_vector, 0, loop->run.tcs - (uint64_t)loop->host->base);
}

/* The Keep left by EEXIT: what to enter it with, 0 if it has ended. */
static uint32_t left(struct loop *loop)
{
	struct keep_host *host = loop->host;
	const uint64_t why = loop->registers.rdi, value = loop->registers.rsi;
	if (loop->probing || (why != EXIT_WHY_HOSTCALL && why != EXIT_WHY_RESUME))
		cpu_host(); /* what follows may be the end, which prints */
	if (loop->probing && why != EXIT_WHY_REFUSED) {
		loop->probing = false;
		if (why == EXIT_WHY_IGNORED) {
			loop->cpu->stats.ignored++;
			return ENCLU_ERESUME;
		}
		end_killed(host, CAUSE_EXIT_WHY, "an entry without an exception was answered with %llu", (unsigned long long)why);
		return 0;
	}
	switch (why) {
	case EXIT_WHY_HOSTCALL:
		if (!serve_call(loop->thread, false))
			return 0;
#ifdef MOTTE_HOSTILE
		return hostile_after(host, (struct hostcall_block *)loop->thread->block);
#else
		return ENCLU_EENTER;
#endif
	case EXIT_WHY_RESUME:
#ifdef MOTTE_HOSTILE
		if (host->enter_again) {
			host->enter_again = false;
			return ENCLU_EENTER;
		}
#endif
		if (loop->depth > 0)
			loop->depth--;
		return ENCLU_ERESUME;
	case EXIT_WHY_IGNORED:
		loop->cpu->stats.ignored++;
		return ENCLU_ERESUME;
	case EXIT_WHY_BUSY:
		/* Another of the Keep's threads has what the handler needs: the same exception comes again, and is no loop. */
		if (loop->depth > 0)
			loop->depth--;
		loop->stuck = 0;
		sys(SYS_sched_yield, 0, 0, 0, 0);
		return ENCLU_ERESUME;
	case EXIT_WHY_ENDED:
		if ((value & 0x7f) == 0 && value <= 0xff00)
			end_own(host, ENDED_EXITED, (uint32_t)value >> 8, 0);
		else if (value < 0x7f)
			end_signal(loop, (uint32_t)value);
		else
			end_killed(host, CAUSE_EXIT_WHY, "ENDED with wait status 0x%llx", (unsigned long long)value);
		return 0;
	case EXIT_WHY_REFUSED:
		end_own(host, ENDED_REFUSED, (uint32_t)value, loop->registers.rdx);
		return 0;
	default:
		end_killed(host, CAUSE_EXIT_WHY, "RDI is %llu", (unsigned long long)why);
		return 0;
	}
}

/* SYSCALL and CPUID are #UD, and a program may repeat one for ever with the same registers; other exceptions not. */
static bool is_stuck(struct loop *loop)
{
	if (loop->run.exception_vector == EXIT_VECTOR_UD || loop->host->start.backend != BACKEND_EMULATED || enclave.trust)
		return false;
	if (memcmp(&loop->stuck_at, &loop->cpu->aex_regs, sizeof loop->stuck_at) != 0) {
		loop->stuck_at = loop->cpu->aex_regs;
		loop->stuck = 0;
	}
	return ++loop->stuck > STUCK_AFTER;
}

/* The entry itself faulted. */
static uint32_t refused(struct loop *loop, uint32_t function)
{
	struct keep_host *host = loop->host;
	const bool hardware = host->start.backend == BACKEND_HARDWARE;
	cpu_host();
	if (loop->probing && function == ENCLU_EENTER && !hardware && loop->cpu->tcs->cssa >= loop->cpu->tcs->nssa) {
		/* The hostile entry found no SSA frame left, as it should; the Keep never knew. */
		loop->probing = loop->cpu->tcs->cssa > 1 + loop->depth;
		return ENCLU_ERESUME;
	}
	if (hardware) {
		loop->cpu->fault = (struct fault){.vector = loop->run.exception_vector,
					   .error_code = loop->run.exception_error_code,
					   .address = loop->run.exception_addr,
					   .why = "the CPU does not say why"};
		if (loop->cpu->stats.entries > 1 && loop->cpu->fault.vector == EXIT_VECTOR_PF) {
			end_fault(host, ENDED_KILLED, CAUSE_EPC_LOST, "EENTER");
			return 0;
		}
	}
	end_fault(host, ENDED_TRAPPED, CAUSE_ENTER_REFUSED, function == ENCLU_EENTER ? "EENTER" : "ERESUME");
	return 0;
}

/* The Keep left by AEX, or could not be entered. */
static uint32_t excepted(struct loop *loop, uint32_t function)
{
	struct keep_host *host = loop->host;
	const bool emulated = host->start.backend == BACKEND_EMULATED;
	/* The vDSO's `function` tells an exception inside from one of EENTER; of ERESUME only emulation can tell. */
	if (emulated ? loop->cpu->stats.aexs == loop->aexs : loop->run.function == ENCLU_EENTER)
		return refused(loop, function);
	if (!emulated)
		loop->cpu->stats.aexs++;
	if (emulated && loop->run.exception_vector == VECTOR_INTERRUPT) {
		cpu_host();
		if (__atomic_exchange_n(&loop->cpu->kicked, false, __ATOMIC_RELAXED))
			return ENCLU_ERESUME; /* as of hardware: nobody is told */
		thread_tick(loop->thread);
		loop->probing = true;
		return ENCLU_EENTER;
	}
	if (stops_take(loop->thread, loop->run.exception_vector))
		return ENCLU_ERESUME;
	loop->probing = false;
	if (loop->depth > 0 || is_stuck(loop)) {
		cpu_host();
		if (!emulated)
			loop->cpu->fault = (struct fault){.vector = loop->run.exception_vector,
						   .error_code = loop->run.exception_error_code,
						   .address = loop->run.exception_addr,
						   .why = "an exception at CSSA 1"};
		end_fault(host, ENDED_TRAPPED, loop->depth > 0 ? CAUSE_EXCEPTION : CAUSE_NO_PROGRESS, NULL);
		return 0;
	}
	loop->depth++;
	return ENCLU_EENTER;
}

void run_keep(struct keep_thread *thread)
{
	struct keep_host *host = thread->host;
	struct cpu *cpu = thread->cpu;
	struct loop loop = {.thread = thread, .host = host, .cpu = cpu};
	loop.run.tcs = (uint64_t)host->base + thread->enters;
	uint32_t function = ENCLU_EENTER;
	if (thread->index == 0)
		__atomic_store_n(&enclave.stats.first_ns, now_ns() - host->started_ns, __ATOMIC_RELEASE);
	thread_tick(thread);
	while (function != 0) {
		if (!stops_gate(thread, function == ENCLU_ERESUME)) {
			cpu_host();
			return;
		}
#ifdef MOTTE_HOSTILE
		hostile_gate(thread);
#endif
		loop.registers = (struct exit_registers){.rdi = (uint64_t)thread->block, .rsi = HOSTCALL_BLOCK_SIZE};
		loop.aexs = cpu->stats.aexs;
		if (host->start.backend == BACKEND_HARDWARE)
			*(function == ENCLU_EENTER ? &cpu->stats.entries : &cpu->stats.resumes) += 1;
		const int failed = enter_keep(host->enter, &loop.registers, &loop.run, function);
		stops_left(thread);
		if (failed == 0 && cpu->cause == 0 && enclave.cause == 0 && !enclave.stop) {
			function = loop.run.function == ENCLU_EEXIT ? left(&loop) : excepted(&loop, function);
			if (function != 0 && cpu->cause == 0)
				continue;
		}
		cpu_host();
		if (failed != 0)
			end_killed(host, CAUSE_BACKEND, "the entry function returned %d", failed);
		else if (cpu->cause != 0 || enclave.cause != 0)
			end_cause(host, cpu);
		return;
	}
}
