/* SPDX-License-Identifier: Apache-2.0 */
/* The few instructions of a Keep whose bytes the emulator must look at. */
#include <asm/prctl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include "cpu.h"
#include "trap.h"

/* The bytes at an address of the Keep, in the CPU's view, or NULL if `length` of them are not there. */
static const uint8_t *bytes_at(uint64_t address, uint64_t length)
{
	return epc_inside(address, length) ? enclave.memory + (address - (uint64_t)enclave.base) : NULL;
}

bool trap_is_enclu(uint64_t rip)
{
	const uint8_t *code = bytes_at(rip, 3);
	return code != NULL && code[0] == 0x0f && code[1] == 0x01 && code[2] == 0xd7;
}

/* Instructions that are #GP for any program under Linux and #UD in an enclave: INT n, IN, OUT, INS, OUTS. */
bool trap_is_illegal_in_enclave(uint64_t rip)
{
	const uint8_t *code = bytes_at(rip, 1);
	if (code == NULL)
		return false;
	return code[0] == 0xcd || (code[0] >= 0xe4 && code[0] <= 0xe7) || (code[0] >= 0xec && code[0] <= 0xef) ||
	       (code[0] >= 0x6c && code[0] <= 0x6f);
}

/*
 * RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE (F3 [REX] 0F AE /0../3 with a register) on a CPU or kernel without them.
 * Works on cpu.regs; false if the instruction is another.
 */
bool trap_emulate_fsgsbase(void)
{
	struct cpu *const cpu = cpu_self();
	const uint8_t *code = bytes_at(cpu->regs.rip, 5);
	if (code == NULL || code[0] != 0xf3)
		return false;
	const uint8_t rex = (code[1] & 0xf0) == 0x40 ? code[1] : 0;
	const uint8_t *opcode = code + (rex != 0 ? 2 : 1);
	if (opcode[0] != 0x0f || opcode[1] != 0xae || opcode[2] < 0xc0 || opcode[2] > 0xdf)
		return false;
	const uint32_t operation = opcode[2] >> 3 & 3;
	/* struct regs is in the order of the encoding, RSP included. */
	uint64_t *operand = (uint64_t *)&cpu->regs + ((opcode[2] & 7) | (rex & 1) << 3);
	const uint64_t mask = rex & 8 ? ~0ull : 0xffffffff;
	uint64_t *base = operation & 1 ? &cpu->gsbase : &cpu->fsbase;
	if (operation < 2) {
		*operand = *base & mask;
	} else {
		const uint64_t value = *operand & mask;
		if (sys(SYS_arch_prctl, operation & 1 ? ARCH_SET_GS : ARCH_SET_FS, (long)value, 0, 0) != 0)
			return false;
		*base = value;
		*(operation & 1 ? &cpu->set_gs : &cpu->set_fs) = value;
	}
	cpu->regs.rip += (uint64_t)(opcode + 3 - code);
	return true;
}
