/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patching (docs/adr/0007): each five-byte site of the shim becomes a jump to a stub below the ELRANGE, because #UD, the
 * honest way out, costs several microseconds where a hypervisor intercepts it. What the stub reaches is the same code
 * that the trap reaches. The digest was taken from what the loader handed over, before this.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "helper.h"
#include "patch.h"

#define SITE_SIZE 5u
#define STUB_SIZE 96u /* the largest is 86 bytes */

static const uint8_t original[][SITE_SIZE] = {
	[SITE_ENCLU] = {0x0f, 0x01, 0xd7, 0x66, 0x90},
	[SITE_WRFSBASE_RAX] = {0xf3, 0x48, 0x0f, 0xae, 0xd0},
	[SITE_RDFSBASE_RAX] = {0xf3, 0x48, 0x0f, 0xae, 0xc0},
};

/* The bytes of a stub so far. */
struct code {
	uint8_t *at;
};

static void put(struct code *code, const void *bytes, size_t length)
{
	memcpy(code->at, bytes, length);
	code->at += length;
}

/* `opcode` with a 32-bit operand: a displacement, or the low half of something. */
static void put_word(struct code *code, const char *opcode, size_t length, uint32_t operand)
{
	put(code, opcode, length);
	put(code, &operand, sizeof operand);
}

/* RAX into the slot that the GS base leads to, and the struct cpu of this thread from there. No flag changes. */
static void put_find_cpu(struct code *code)
{
	put_word(code, "\x65\x48\x89\x04\x25", 5, (uint32_t)(enclave.window + SLOT_RAX)); /* mov %rax, %gs:SLOT_RAX */
	put_word(code, "\x65\x48\x8b\x04\x25", 5, (uint32_t)(enclave.window + SLOT_CPU)); /* mov %gs:SLOT_CPU, %rax */
}

/* An address into a field of the struct cpu, in two halves: no register is free. */
static void put_address(struct code *code, uint32_t field, const uint8_t *address)
{
	for (uint32_t half = 0; half < 2; half++) {
		put_word(code, "\xc7\x80", 2, field + 4 * half); /* movl $half, field(%rax) */
		const uint32_t bits = (uint32_t)((uint64_t)address >> 32 * half);
		put(code, &bits, sizeof bits);
	}
}

static void put_relative(struct code *code, const char *opcode, size_t length, const uint8_t *target)
{
	put(code, opcode, length);
	const int32_t distance = (int32_t)(target - (code->at + 4));
	put(code, &distance, sizeof distance);
}

/* A push would write to the Keep's stack; a jump through the address that follows it needs nothing. */
static void put_jump(struct code *code, const char *target)
{
	put(code, "\xff\x25\x00\x00\x00\x00", 6); /* jmp *0(%rip) */
	put(code, &target, sizeof target);
}

static void write_stub(struct code *code, uint32_t kind, const uint8_t *back)
{
	put_find_cpu(code);
	if (kind == SITE_RDFSBASE_RAX) {
		put_word(code, "\x48\x8b\x80", 3, CPU_FSBASE); /* mov fsbase(%rax), %rax */
		put_relative(code, "\xe9", 1, back);		 /* jmp back */
		return;
	}
	/* RIP as the instruction leaves it. */
	put_address(code, CPU_RIP, back);
	if (kind == SITE_ENCLU) {
		put_jump(code, cpu_stub_enclu);
		return;
	}
	const uint8_t *rest = code->at + 20 + 14; /* after this address and the jump */
	put_address(code, CPU_BACK, rest);
	put_jump(code, cpu_stub_wrfsbase);
	put_word(code, "\x65\x48\x8b\x04\x25", 5, (uint32_t)(enclave.window + SLOT_RAX)); /* mov %gs:SLOT_RAX, %rax */
	put_relative(code, "\xe9", 1, back);
}

/*
 * ENCLU as asked. The FS base always where the kernel does not manage it: there a hypervisor may hide FSGSBASE from CPUID
 * and leave it on, so that WRFSBASE neither traps nor survives a context switch. Where the kernel does manage it, the
 * instructions cost nothing, and RDFSBASE would read a stale copy.
 */
static bool is_needed(const struct keep_host *host, uint32_t kind)
{
	if (kind == SITE_ENCLU)
		/* A single step through a stub would not be one of the Keep's. */
		return (host->start.flags & START_PATCH) != 0 && !enclave.step;
	return !enclave.fsgsbase;
}

static bool patch_site(struct keep_host *host, const struct site *site, struct code *code, uint8_t *stubs)
{
	uint8_t *bytes = enclave.memory + site->offset;
	if (site->kind >= sizeof original / sizeof original[0] || site->kind == 0 ||
	    memcmp(bytes, original[site->kind], SITE_SIZE) != 0)
		return end_killed(host, CAUSE_START_INVALID, "SITE at 0x%x: kind %u, bytes %02x %02x %02x %02x %02x", site->offset,
				  site->kind, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]);
	if (!is_needed(host, site->kind))
		return true;
	if (code->at + STUB_SIZE > stubs + STUBS_SIZE)
		return end_killed(host, CAUSE_START_INVALID, "%u SITEs are too many", host->start.site_count);
	const uint8_t *here = host->base + site->offset;
	const int32_t distance = (int32_t)(code->at - (here + SITE_SIZE));
	write_stub(code, site->kind, here + SITE_SIZE);
	bytes[0] = 0xe9;
	memcpy(bytes + 1, &distance, sizeof distance);
	enclave.stats.patched_sites++;
	return true;
}

bool patch_sites(struct keep_host *host)
{
	if (is_vm(host))
		return vm_patch(host);
	if (host->start.backend != BACKEND_EMULATED || host->start.site_count == 0)
		return true;
	uint8_t *stubs = host->base - STUBS_SIZE;
	if (mprotect(stubs, STUBS_SIZE, PROT_READ | PROT_WRITE) != 0)
		return end_killed(host, CAUSE_MEMORY, "mprotect of the stubs: %s", strerror(errno));
	struct code code = {stubs};
	for (uint32_t i = 0; i < host->start.site_count; i++)
		if (!patch_site(host, &host->sites[i], &code, stubs))
			return false;
	if (mprotect(stubs, STUBS_SIZE, PROT_READ | PROT_EXEC) != 0)
		return end_killed(host, CAUSE_MEMORY, "mprotect of the stubs: %s", strerror(errno));
	enclave.lazy_fs = !enclave.fsgsbase && !enclave.strict && !enclave.step;
	return true;
}
