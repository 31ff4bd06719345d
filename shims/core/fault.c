/* SPDX-License-Identifier: Apache-2.0 */
#include "include/fault.h"
#include "include/bytes.h"
#include "include/linux.h"

/* x87 and SSE exceptions share the order of their bits: IE DE ZE OE UE PE. */
#define FLOAT_INVALID 0x01u
#define FLOAT_DENORMAL 0x02u
#define FLOAT_DIVIDE 0x04u
#define FLOAT_OVERFLOW 0x08u
#define FLOAT_UNDERFLOW 0x10u
#define FLOAT_ALL 0x3fu
#define MXCSR_MASKS_SHIFT 7

/* The begin of an FXSAVE or XSAVE image (Intel SDM vol. 1, table 10-2). */
struct legacy {
	uint16_t fcw;
	uint16_t fsw;
	uint8_t unused[20];
	uint32_t mxcsr;
};
_Static_assert(__builtin_offsetof(struct legacy, mxcsr) == 24, "MXCSR");

/* In the order in which Linux looks. */
static int32_t float_code(uint32_t raised)
{
	if (raised & FLOAT_INVALID)
		return FPE_FLTINV;
	if (raised & FLOAT_DIVIDE)
		return FPE_FLTDIV;
	if (raised & FLOAT_OVERFLOW)
		return FPE_FLTOVF;
	if (raised & (FLOAT_DENORMAL | FLOAT_UNDERFLOW))
		return FPE_FLTUND;
	return FPE_FLTRES;
}

/* Those that are raised and not masked. */
static uint32_t raised(const uint8_t *state, bool sse)
{
	struct legacy legacy;

	memcpy(&legacy, state, sizeof(legacy));
	if (sse)
		return legacy.mxcsr & ~(legacy.mxcsr >> MXCSR_MASKS_SHIFT) & FLOAT_ALL;
	return legacy.fsw & ~(uint32_t)legacy.fcw & FLOAT_ALL;
}

bool fault_signal(uint64_t vector, uint64_t rip, const uint8_t *state, struct siginfo *info)
{
	switch (vector) {
	case FAULT_DE:
		*info = (struct siginfo){ .number = SIGFPE, .code = FPE_INTDIV, .address = rip };
		return true;
	case FAULT_DB:
		*info = (struct siginfo){ .number = SIGTRAP, .code = TRAP_TRACE, .address = rip };
		return true;
	case FAULT_BP:
		*info = (struct siginfo){ .number = SIGTRAP, .code = SI_KERNEL };
		return true;
	case FAULT_UD:
		*info = (struct siginfo){ .number = SIGILL, .code = ILL_ILLOPN, .address = rip };
		return true;
	case FAULT_OF: case FAULT_BR: case FAULT_TS: case FAULT_GP:
		*info = (struct siginfo){ .number = SIGSEGV, .code = SI_KERNEL };
		return true;
	case FAULT_NP: case FAULT_SS:
		*info = (struct siginfo){ .number = SIGBUS, .code = SI_KERNEL };
		return true;
	case FAULT_MF: case FAULT_XM:
		*info = (struct siginfo){ .number = SIGFPE, .code = float_code(raised(state, vector == FAULT_XM)), .address = rip };
		return true;
	case FAULT_AC:
		*info = (struct siginfo){ .number = SIGBUS, .code = BUS_ADRALN };
		return true;
	default:
		return false;
	}
}
