/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single steps through a range of the Keep's code, with an interrupt after each instruction; for tests. The trap flag is
 * set within the range alone. Outside, breakpoints wait for the range's first instruction and for the returns of calls
 * that left it, because stepping all of a boot would take minutes.
 */
#include <stddef.h>
#include "cpu.h"
#include "trap.h"

#define STEP_RANGE 0x4000 /* bytes of code that are stepped at most */
#define STEP_VISITS 3
#define BREAKPOINTS 16
#define INT3 0xcc

static struct {
	uint64_t offset;
	uint8_t original;
} breakpoints[BREAKPOINTS];
static uint32_t breakpoint_count;
static bool planted;

static bool in_range(uint64_t address)
{
	const uint64_t offset = address - (uint64_t)enclave.base;
	return offset >= enclave.step_from && offset < enclave.step_to && offset - enclave.step_from < STEP_RANGE;
}

static void add_breakpoint(uint64_t address)
{
	const uint64_t offset = address - (uint64_t)enclave.base;
	for (uint32_t i = 0; i < breakpoint_count; i++)
		if (breakpoints[i].offset == offset)
			return;
	if (breakpoint_count == BREAKPOINTS)
		return;
	breakpoints[breakpoint_count].offset = offset;
	breakpoints[breakpoint_count].original = enclave.memory[offset];
	breakpoint_count++;
}

static void plant(bool set)
{
	if (set == planted)
		return;
	for (uint32_t i = 0; i < breakpoint_count; i++)
		enclave.memory[breakpoints[i].offset] = set ? INT3 : breakpoints[i].original;
	planted = set;
}

/* Before the Keep runs on at cpu.regs: the trap flag, or breakpoints. */
void step_arm(void)
{
	struct cpu *const cpu = cpu_self();
	if (!enclave.step)
		return;
	if (breakpoint_count == 0)
		add_breakpoint((uint64_t)enclave.base + enclave.step_from);
	const bool within = in_range(cpu->regs.rip);
	plant(!within);
	cpu->regs.rflags &= ~(uint64_t)RFLAGS_TF;
	cpu->regs.rflags |= within ? RFLAGS_TF : 0;
}

/* Is the INT3 before cpu.regs.rip ours? Then RIP is moved back to what it stands for. */
bool step_breakpoint(void)
{
	struct cpu *const cpu = cpu_self();
	const uint64_t offset = cpu->regs.rip - 1 - (uint64_t)enclave.base;
	for (uint32_t i = 0; planted && i < breakpoint_count; i++)
		if (breakpoints[i].offset == offset) {
			cpu->regs.rip -= 1;
			plant(false);
			return true;
		}
	return false;
}

/*
 * Each instruction a few times at each CSSA: its first visits differ, those of a loop's thousandth round do not, and each
 * costs a whole hostile entry.
 */
static bool is_due(void)
{
	struct cpu *const cpu = cpu_self();
	static uint8_t visits[NSSA_MAX][STEP_RANGE];
	uint8_t *count = &visits[cpu->tcs->cssa][cpu->regs.rip - (uint64_t)enclave.base - enclave.step_from];
	if (*count >= STEP_VISITS)
		return false;
	++*count;
	return true;
}

/* PUSHFQ or POPFQ at RIP: executed here, because they would show the Keep our trap flag, or end the stepping. */
static bool emulate_flags(void)
{
	struct cpu *const cpu = cpu_self();
	const uint8_t code = enclave.memory[cpu->regs.rip - (uint64_t)enclave.base];
	const bool push = code == 0x9c;
	if (!push && code != 0x9d)
		return false;
	const uint64_t at = cpu->regs.rsp - (push ? 8 : 0);
	const uint32_t want = SECINFO_R | SECINFO_W;
	if (at % 8 != 0 || !epc_inside(at, 8) || (epc_allowed(epc_entry(at)) & want) != want)
		return false;
	uint64_t *stack = (uint64_t *)(void *)(enclave.memory + (at - (uint64_t)enclave.base));
	if (push) {
		*stack = cpu->regs.rflags & ~(uint64_t)RFLAGS_TF;
		cpu->regs.rsp -= 8;
	} else {
		const uint64_t may = RFLAGS_ARITHMETIC | RFLAGS_DF | RFLAGS_AC | RFLAGS_NT;
		cpu->regs.rflags = (cpu->regs.rflags & ~may) | (*stack & may) | RFLAGS_TF;
		cpu->regs.rsp += 8;
	}
	cpu->regs.rip += 1;
	return true;
}

/* A step, or a breakpoint, has come to cpu.regs.rip: shall an interrupt come here? */
bool step_at(void)
{
	struct cpu *const cpu = cpu_self();
	while (in_range(cpu->regs.rip)) {
		if (is_due())
			return true;
		if (!emulate_flags())
			break;
	}
	/* A call out of the range: wait for its return. */
	if (!in_range(cpu->regs.rip) && cpu->regs.rsp % 8 == 0 && epc_inside(cpu->regs.rsp, 8) &&
	    (epc_allowed(epc_entry(cpu->regs.rsp)) & SECINFO_R) != 0) {
		const uint64_t back = *(uint64_t *)(void *)(enclave.memory + (cpu->regs.rsp - (uint64_t)enclave.base));
		if (in_range(back))
			add_breakpoint(back);
	}
	step_arm();
	return false;
}
