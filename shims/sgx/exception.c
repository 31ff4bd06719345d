/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions at CSSA 0, looked at on stack 1 at CSSA 1 (docs/adr/0004). No host call is made from here: a system call
 * is not served but sent on its way to landing_trapped, by changing the frame that ERESUME loads.
 */
#include "include/sgx_keep.h"
#include "../core/include/linux.h"
#include "../core/include/memory.h"
#include "../core/include/platform.h"

/* The flags that Linux clears for a system call, so far as they matter here: TF, DF, NT, AC. */
#define FLAGS_CLEARED 0x44500ull

/* 0F 05 and 0F A2, as a little-endian word. */
#define CODE_SYSCALL 0x050f
#define CODE_CPUID 0xa20f

uint32_t exception_handle(uint8_t *frame, struct leaving *leaving);

/* How the handler ends; each is what the EEXIT says. */
static uint32_t signal(struct leaving *leaving, unsigned number)
{
	leaving->rsi = number;
	return EXIT_WHY_ENDED;
}

static uint32_t refuse(struct leaving *leaving, unsigned reason, uint64_t offset)
{
	leaving->rsi = reason;
	leaving->rdx = offset;
	return EXIT_WHY_REFUSED;
}

/* As SYSCALL would: RCX and R11 take RIP and the flags, the rest is landing_trapped's. */
static void enter_system_call(struct gprsgx *gpr)
{
	gpr->rcx = gpr->rip + 2;
	gpr->r11 = gpr->rflags;
	gpr->rflags &= ~FLAGS_CLEARED;
	gpr->rip = (uint64_t)landing_trapped;
}

static uint32_t undefined(struct gprsgx *gpr, struct leaving *leaving)
{
	uint16_t code = 0;

	/* Both instructions have two bytes; what the ledger does not call executable is not read. */
	if (!memory_touch(gpr->rip, sizeof(code), PERM_X))
		__builtin_memcpy(&code, (const void *)gpr->rip, sizeof(code));
	if (code == CODE_SYSCALL) {
		enter_system_call(gpr);
		return EXIT_WHY_RESUME;
	}
	if (code == CODE_CPUID) {
		cpuid_answer(gpr);
		gpr->rip += sizeof(code);
		return EXIT_WHY_RESUME;
	}
	return signal(leaving, SIGILL);
}

static uint32_t page_fault(const struct exinfo *info, struct leaving *leaving)
{
	unsigned need = info->errcd & PF_ERROR_W ? PERM_W : info->errcd & PF_ERROR_I ? PERM_X : PERM_R;

	switch (memory_fault(info->maddr, need)) {
	case MEMORY_FAULT_SERVED:
		return EXIT_WHY_RESUME;
	case MEMORY_FAULT_SIGNAL:
		return signal(leaving, SIGSEGV);
	default:
		return refuse(leaving, REASON_MEMORY_LEDGER, 0);
	}
}

static bool byte_is(uint64_t address, uint8_t value)
{
	return !memory_touch(address, 1, PERM_X) && *(const uint8_t *)address == value;
}

/* Only INT3 (CC, or CD 03) gives a software exception, and it leaves RIP at itself. */
static bool is_plausible(uint32_t exitinfo, const struct gprsgx *gpr)
{
	uint32_t type = exitinfo >> EXITINFO_EXIT_TYPE_SHIFT & EXITINFO_EXIT_TYPE_MASK;

	if ((exitinfo & EXITINFO_VECTOR_MASK) != EXIT_VECTOR_BP)
		return type == EXITINFO_EXIT_TYPE_HARDWARE;
	return type == EXITINFO_EXIT_TYPE_SOFTWARE &&
		(byte_is(gpr->rip, 0xcc) || (byte_is(gpr->rip, 0xcd) && byte_is(gpr->rip + 1, 0x03)));
}

static uint32_t handle(struct gprsgx *gpr, const struct exinfo *info, struct leaving *leaving)
{
	uint32_t exitinfo = gpr->exitinfo;
	struct span shim = platform_shim();

	if (gpr->rip >= shim.start && gpr->rip < shim.end)
		return refuse(leaving, REASON_SHIM_FAULT, gpr->rip - shim.start);
	if (!is_plausible(exitinfo, gpr))
		return refuse(leaving, REASON_EXCEPTION, 0);
	switch (exitinfo & EXITINFO_VECTOR_MASK) {
	case EXIT_VECTOR_UD:
		return undefined(gpr, leaving);
	case EXIT_VECTOR_PF:
		if (!platform_lazy())
			break; /* never reported without EXINFO */
		return page_fault(info, leaving);
	case EXIT_VECTOR_GP:
		if (!platform_lazy())
			break;
		return signal(leaving, SIGSEGV);
	case EXIT_VECTOR_BR:
		return signal(leaving, SIGSEGV);
	case EXIT_VECTOR_DE:
	case EXIT_VECTOR_MF:
	case EXIT_VECTOR_XM:
		return signal(leaving, SIGFPE);
	case EXIT_VECTOR_DB:
	case EXIT_VECTOR_BP:
		return signal(leaving, SIGTRAP);
	case EXIT_VECTOR_AC:
		return signal(leaving, SIGBUS);
	}
	return refuse(leaving, REASON_EXCEPTION, 0);
}

uint32_t exception_handle(uint8_t *frame, struct leaving *leaving)
{
	struct gprsgx *gpr = (struct gprsgx *)(frame + FRAME_GPRSGX);
	uint32_t why;

	*leaving = (struct leaving){ 0 };
	why = handle(gpr, (const struct exinfo *)(frame + FRAME_EXINFO), leaving);
	gpr->exitinfo = 0; /* dealt with: an entry for the same exception again finds none */
	return why;
}
