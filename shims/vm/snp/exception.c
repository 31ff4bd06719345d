/* SPDX-License-Identifier: Apache-2.0 */
/*
 * #VC of ring 3: the host has intercepted an instruction (AMD 24593 rev 3.42, 15.35.5; exit codes: appendix C). The host chooses
 * when, so the instruction itself must be the one that the exit code names (SECURITY.md, rule 13).
 */
#include "../include/ghcb.h"
#include "../include/snp.h"
#include "../include/vm_keep.h"
#include "../../core/include/fault.h"
#include "../../core/include/ledger.h"
#include "../../core/include/memory.h"
#include "../../core/include/platform.h"

#define LONGEST 15u

/* What a program may run into. */
static const struct instruction {
	uint32_t exit;
	uint8_t length;
	uint8_t code[3];
} instructions[] = {
	{ GHCB_EXIT_CPUID, 2, { 0x0f, 0xa2 } },
	{ GHCB_EXIT_RDTSC, 2, { 0x0f, 0x31 } },
	{ GHCB_EXIT_RDTSCP, 3, { 0x0f, 0x01, 0xf9 } },
	{ GHCB_EXIT_VMMCALL, 3, { 0x0f, 0x01, 0xd9 } },
	{ GHCB_EXIT_MONITOR, 3, { 0x0f, 0x01, 0xfa } }, /* MONITORX */
	{ GHCB_EXIT_MWAIT, 3, { 0x0f, 0x01, 0xfb } },   /* MWAITX */
	{ GHCB_EXIT_RDPRU, 3, { 0x0f, 0x01, 0xfd } },
};

/* False where the ledger says that nothing may be executed. */
static bool code_at(uint64_t address, uint8_t *byte)
{
	if (memory_touch(address, 1, PERM_X))
		return false;
	*byte = *(const volatile uint8_t *)address;
	return true;
}

/* Prefixes that change none of these instructions: of segments, sizes, repetition, LOCK left out, and REX. */
static bool is_prefix(uint8_t byte)
{
	return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || (byte >= 0x40 && byte <= 0x4f) ||
	       (byte >= 0x64 && byte <= 0x67) || byte == 0xf2 || byte == 0xf3;
}

/* Bytes of the instruction at `rip`, or 0 if it is not this one. */
static unsigned length_at(uint64_t rip, const struct instruction *instruction)
{
	unsigned prefixes = 0;
	uint8_t byte;

	while (prefixes < LONGEST && code_at(rip + prefixes, &byte) && is_prefix(byte))
		prefixes++;
	if (prefixes + instruction->length > LONGEST)
		return 0;
	for (unsigned i = 0; i < instruction->length; i++)
		if (!code_at(rip + prefixes + i, &byte) || byte != instruction->code[i])
			return 0;
	return prefixes + instruction->length;
}

/* As the instruction does: the upper halves are cleared. */
static void answer_cpuid(struct trap_frame *frame)
{
	struct cpuid_words words = snp_cpuid((uint32_t)frame->rax, (uint32_t)frame->rcx);

	frame->rax = words.word[0];
	frame->rbx = words.word[1];
	frame->rcx = words.word[2];
	frame->rdx = words.word[3];
}

/* Time is the host's in any case (rule 16). */
static void answer_time(struct trap_frame *frame, uint32_t exit)
{
	struct ghcb_call call = {
		.code = exit,
		.wanted = GHCB_RAX | GHCB_RDX | (exit == GHCB_EXIT_RDTSCP ? GHCB_RCX : 0),
	};

	ghcb_call(vcpu_self(), &call);
	frame->rax = (uint32_t)call.rax;
	frame->rdx = (uint32_t)call.rdx;
	if (exit == GHCB_EXIT_RDTSCP)
		frame->rcx = (uint32_t)call.rcx;
}

bool snp_exception(struct trap_frame *frame)
{
	const struct instruction *instruction = NULL;
	unsigned length = 0;

	if (frame->error == GHCB_EXIT_NOT_VALIDATED) /* the host took a page away: it is not validated anew */
		keep_refuse(REASON_MEMORY_LEDGER);
	for (unsigned i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++)
		if (instructions[i].exit == frame->error)
			instruction = &instructions[i];
	if (instruction)
		length = length_at(frame->rip, instruction);
	if (length == 0)
		keep_refuse(REASON_EXCEPTION);
	switch (instruction->exit) {
	case GHCB_EXIT_CPUID:
		answer_cpuid(frame);
		break;
	case GHCB_EXIT_RDTSC:
	case GHCB_EXIT_RDTSCP:
		answer_time(frame, instruction->exit);
		break;
	default:
		return false;
	}
	frame->rip += length;
	return true;
}

/* `INT n` in its two bytes, whose gates ring 3 may name for #BP and #OF alone. */
static bool is_int(uint64_t address, uint8_t vector)
{
	uint8_t code[2];

	return code_at(address, &code[0]) && code_at(address + 1, &code[1]) && code[0] == 0xcd && code[1] == vector;
}

/* #BP and #OF are traps: RIP is behind their instruction. BOUND, and so #BR, is none of 64-bit mode, nor is INTO. */
bool snp_is_plausible(const struct trap_frame *frame)
{
	uint8_t byte;

	switch (frame->vector) {
	case FAULT_BP:
		return (code_at(frame->rip - 1, &byte) && byte == 0xcc) || is_int(frame->rip - 2, FAULT_BP);
	case FAULT_OF:
		return is_int(frame->rip - 2, FAULT_OF);
	case FAULT_BR:
		return false;
	}
	return true;
}
