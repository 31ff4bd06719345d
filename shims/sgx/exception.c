/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions at CSSA 0, looked at on stack 1 at CSSA 1 (docs/adr/0004). No host call is made from here: a system call
 * is not served but sent on its way to landing_trapped, by changing the frame that ERESUME loads. So are signals: a
 * handler is called, and returned from, by changing that frame.
 */
#include "include/sgx_keep.h"
#include "../core/include/fault.h"
#include "../core/include/linux.h"
#include "../core/include/lock.h"
#include "../core/include/memory.h"
#include "../core/include/platform.h"
#include "../core/include/signal.h"

#define SYS_RT_SIGRETURN 15
#define SYS_EXIT 60

/* The flags that Linux clears for a system call, so far as they matter here: TF, DF, NT, AC. */
#define FLAGS_CLEARED 0x44500ull

/* Instructions, as little-endian words. */
#define CODE_SYSCALL 0x050f /* 0F 05 */
#define CODE_CPUID 0xa20f   /* 0F A2 */
#define CODE_INT3_LONG 0x03cd /* CD 03 */
#define CODE_INT3 0xcc

uint32_t exception_handle(uint8_t *frame, struct leaving *leaving);

/* An exception of the application, and how the handler leaves. */
struct exception {
	uint8_t *frame;
	struct gprsgx *gpr;
	struct leaving *leaving;
};

/* How the handler ends; each is what the EEXIT says. */
static uint32_t resume_or_end(const struct exception *e, unsigned number)
{
	e->leaving->rsi = number;
	return number == 0 ? EXIT_WHY_RESUME : EXIT_WHY_ENDED;
}

static uint32_t refuse(struct leaving *leaving, unsigned reason, uint64_t offset)
{
	leaving->rsi = reason;
	leaving->rdx = offset;
	return EXIT_WHY_REFUSED;
}

/* Calls the application's handler for what it did, or ends the Keep by the signal. */
static uint32_t fault(const struct exception *e, const struct siginfo *info)
{
	struct context context;
	unsigned end;

	context_load(&context, e->frame);
	end = signal_fault(&context, info);
	context_store(&context, e->frame);
	return resume_or_end(e, end);
}

static uint32_t segv(const struct exception *e, int32_t code, uint64_t address)
{
	const struct siginfo info = { .number = SIGSEGV, .code = code, .address = address };

	return fault(e, &info);
}

/* At landing_signal: the system call is done, and its caller goes on at RCX or, before that, in a handler. */
static uint32_t deliver(const struct exception *e)
{
	struct context context;
	unsigned end;

	e->gpr->rip = e->gpr->rcx;
	context_load(&context, e->frame);
	end = signal_deliver(&context);
	context_store(&context, e->frame);
	return resume_or_end(e, end);
}

static uint32_t return_from_handler(const struct exception *e)
{
	struct context context;
	unsigned end;

	context_load(&context, e->frame);
	end = signal_return(&context);
	context_store(&context, e->frame);
	return resume_or_end(e, end);
}

/* As SYSCALL would: RCX and R11 take RIP and the flags, the rest is landing_trapped's. */
static uint32_t enter_system_call(const struct exception *e)
{
	struct gprsgx *gpr = e->gpr;

	if (gpr->rax == SYS_RT_SIGRETURN)
		return return_from_handler(e);
	gpr->rcx = gpr->rip + 2;
	gpr->r11 = gpr->rflags;
	gpr->rflags &= ~FLAGS_CLEARED;
	gpr->rip = (uint64_t)landing_trapped;
	return EXIT_WHY_RESUME;
}

/* Another task replaces the program: this one does not go on but into the shim, as if it had called exit(). */
static uint32_t end_task(const struct exception *e)
{
	e->gpr->rax = SYS_EXIT;
	return enter_system_call(e);
}

/* The two bytes at an address; zero where the ledger says that nothing may be executed. */
static uint16_t code_at(uint64_t address)
{
	uint16_t code = 0;

	if (!memory_touch(address, sizeof(code), PERM_X))
		__builtin_memcpy(&code, (const void *)address, sizeof(code));
	return code;
}

static uint32_t answer_cpuid(const struct exception *e)
{
	cpuid_answer(e->gpr);
	e->gpr->rip += sizeof(uint16_t);
	return EXIT_WHY_RESUME;
}

static uint32_t page_fault(const struct exception *e, const struct exinfo *info)
{
	unsigned need = info->errcd & PF_ERROR_W ? PERM_W : info->errcd & PF_ERROR_I ? PERM_X : PERM_R;

	switch (memory_fault(info->maddr, need)) {
	case MEMORY_FAULT_SERVED:
		return EXIT_WHY_RESUME;
	case MEMORY_FAULT_UNMAPPED:
		return segv(e, SEGV_MAPERR, info->maddr);
	case MEMORY_FAULT_DENIED:
		return segv(e, SEGV_ACCERR, info->maddr);
	default:
		return refuse(e->leaving, REASON_MEMORY_LEDGER, 0);
	}
}

/* Bytes of the INT3 at an address, or 0: the last byte of a mapping can be one, too. */
static unsigned int3_at(uint64_t address)
{
	if (!memory_touch(address, 1, PERM_X) && *(const uint8_t *)address == CODE_INT3)
		return 1;
	return code_at(address) == CODE_INT3_LONG ? 2 : 0;
}

/* Only INT3 gives a software exception, and it leaves RIP at itself. */
static bool is_plausible(uint32_t exitinfo, const struct gprsgx *gpr)
{
	uint32_t type = exitinfo >> EXITINFO_EXIT_TYPE_SHIFT & EXITINFO_EXIT_TYPE_MASK;

	if ((exitinfo & EXITINFO_VECTOR_MASK) != EXIT_VECTOR_BP)
		return type == EXITINFO_EXIT_TYPE_HARDWARE;
	return type == EXITINFO_EXIT_TYPE_SOFTWARE && int3_at(gpr->rip) != 0;
}

static bool is_signal_due(const struct exception *e)
{
	return e->gpr->rip == (uint64_t)landing_signal && (e->gpr->exitinfo & EXITINFO_VECTOR_MASK) == EXIT_VECTOR_UD;
}

static uint32_t handle(const struct exception *e)
{
	const struct exinfo *info = (const struct exinfo *)(e->frame + FRAME_EXINFO);
	uint64_t rip = e->gpr->rip;
	uint32_t exitinfo = e->gpr->exitinfo, vector = exitinfo & EXITINFO_VECTOR_MASK;
	struct siginfo signal;
	uint16_t code;

	if (task_self()->ending)
		return end_task(e);
	if (is_signal_due(e))
		return deliver(e);
	if (!is_plausible(exitinfo, e->gpr))
		return refuse(e->leaving, REASON_EXCEPTION, 0);
	switch (vector) {
	case EXIT_VECTOR_UD:
		code = code_at(rip);
		if (code == CODE_SYSCALL)
			return enter_system_call(e);
		if (code == CODE_CPUID)
			return answer_cpuid(e);
		break;
	case EXIT_VECTOR_PF:
		if (platform_lazy())
			return page_fault(e, info);
		return refuse(e->leaving, REASON_EXCEPTION, 0); /* never reported without EXINFO */
	case EXIT_VECTOR_GP:
		if (!platform_lazy())
			return refuse(e->leaving, REASON_EXCEPTION, 0);
		break;
	case FAULT_OF: case FAULT_TS: case FAULT_NP: case FAULT_SS:
		return refuse(e->leaving, REASON_EXCEPTION, 0); /* EXITINFO is never valid for them */
	case EXIT_VECTOR_BP:
		e->gpr->rip += int3_at(rip); /* to a handler it is a trap, as outside: RIP is after it */
		break;
	}
	if (fault_signal(vector, rip, e->frame, &signal))
		return fault(e, &signal);
	return refuse(e->leaving, REASON_EXCEPTION, 0);
}

/*
 * Everything but a trap can be had again by resuming, which runs the instruction once more; the host lets others run
 * meanwhile (docs/sgx-keep.md). What interrupts the application never holds the lock itself.
 */
static bool take_lock(uint32_t vector)
{
	while (!core_lock_briefly())
		if (vector != EXIT_VECTOR_DB)
			return false;
	return true;
}

uint32_t exception_handle(uint8_t *frame, struct leaving *leaving)
{
	const struct exception e = { frame, (struct gprsgx *)(frame + FRAME_GPRSGX), leaving };
	struct span shim = platform_shim();
	uint64_t rip = e.gpr->rip;
	uint32_t why;

	*leaving = (struct leaving){ 0 };
	if (keep_ending.why != 0) {
		*leaving = (struct leaving){ keep_ending.rsi, keep_ending.rdx };
		return (uint32_t)keep_ending.why;
	}
	if (rip >= shim.start && rip < shim.end && !is_signal_due(&e)) {
		why = refuse(leaving, REASON_SHIM_FAULT, rip - shim.start); /* it may hold the lock */
	} else if (take_lock(e.gpr->exitinfo & EXITINFO_VECTOR_MASK)) {
		why = handle(&e);
		core_unlock();
	} else {
		why = EXIT_WHY_BUSY;
	}
	if (why != EXIT_WHY_RESUME && why != EXIT_WHY_BUSY)
		keep_is_over(why, leaving->rsi, leaving->rdx);
	e.gpr->exitinfo = 0; /* dealt with: an entry for the same exception again finds none */
	return why;
}
