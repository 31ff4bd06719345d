/* SPDX-License-Identifier: Apache-2.0 */
/* EENTER and ERESUME: what the CPU checks, and the state that the Keep finds. Intel SDM vol. 3D, ENCLU leaf functions. */
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include "cpu.h"
#include "trap.h"

#define CHECK(bad, why, found, expected)                                                      \
	do {                                                                                  \
		if (bad)                                                                      \
			return cpu_raise(EXIT_VECTOR_GP, 0, 0, why, (uint64_t)(found), expected); \
	} while (0)

/* The page of a TCS, as EENTER and ERESUME take it in RBX. */
static int find_tcs(uint64_t address)
{
	struct cpu *const cpu = cpu_self();
	CHECK(address % PAGE != 0, "TCS address 0x%llx is not aligned to 0x%llx", address, PAGE);
	CHECK(!canonical(address), "TCS address 0x%llx is not canonical", address, 0);
	if (!epc_inside(address, PAGE))
		return cpu_raise(EXIT_VECTOR_PF, 0, address, "TCS address 0x%llx is not in the EPC", address, 0);
	const struct epcm_entry *entry = epc_entry(address);
	const uint32_t stopped = EPCM_PENDING | EPCM_MODIFIED | EPCM_BLOCKED;
	if ((entry->flags & EPCM_VALID) == 0)
		return cpu_raise(EXIT_VECTOR_PF, PF_ERROR_U, address, "TCS page: EPCM.VALID = 0", 0, 0);
	if ((entry->flags & stopped) != 0)
		return cpu_raise(EXIT_VECTOR_PF, PF_ERROR_P | PF_ERROR_U | PF_ERROR_SGX, address,
				 "TCS page: EPCM flags 0x%llx", entry->flags, 0);
	if (entry->type != PT_TCS)
		return cpu_raise(EXIT_VECTOR_PF, PF_ERROR_P | PF_ERROR_U | PF_ERROR_SGX, address,
				 "EPCM.PT is %llu, not PT_TCS (%llu)", entry->type, PT_TCS);
	cpu->tcs = (struct tcs *)(enclave.memory + (address - (uint64_t)enclave.base));
	cpu->tcs_address = address;
	return 0;
}

/* Each page of an SSA frame must be one that AEX can write, because AEX cannot fail. */
static int check_frame(uint32_t frame)
{
	struct cpu *const cpu = cpu_self();
	const uint64_t length = (uint64_t)enclave.secs->ssaframesize * PAGE;
	uint64_t at;
	if (__builtin_mul_overflow(length, (uint64_t)frame, &at) || __builtin_add_overflow(at, cpu->tcs->ossa, &at) ||
	    at >= enclave.size || length > enclave.size - at)
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "SSA frame %llu lies outside the ELRANGE", frame, 0);
	for (uint64_t page = at; page < at + length; page += PAGE) {
		const uint64_t address = (uint64_t)enclave.base + page;
		const struct epcm_entry *entry = epc_entry(address);
		const uint32_t want = SECINFO_R | SECINFO_W;
		if ((epc_allowed(entry) & want) != want)
			return cpu_raise(EXIT_VECTOR_PF, PF_ERROR_P | PF_ERROR_W | PF_ERROR_U | PF_ERROR_SGX, address,
					 "SSA page at offset 0x%llx is not a readable and writable PT_REG page", page, 0);
	}
	return 0;
}

static int check_thread(void)
{
	struct cpu *const cpu = cpu_self();
	const struct tcs *tcs = cpu->tcs;
	const struct secs *secs = enclave.secs;
	CHECK((secs->attributes & ATTR_INIT) == 0, "SECS.ATTRIBUTES.INIT = 0: no EINIT has been", 0, 0);
	CHECK((secs->attributes & ATTR_MODE64BIT) == 0, "SECS.ATTRIBUTES.MODE64BIT = 0 in 64-bit mode", 0, 0);
	CHECK((secs->xfrm & ~enclave.xcr0) != 0, "SECS.XFRM 0x%llx is not within XCR0 0x%llx", secs->xfrm, enclave.xcr0);
	CHECK((tcs->flags & ~(uint64_t)(TCS_FLAGS_DBGOPTIN | TCS_FLAGS_AEXNOTIFY)) != 0,
	      "TCS.FLAGS 0x%llx has reserved bits", tcs->flags, 0);
	CHECK((tcs->flags & TCS_FLAGS_DBGOPTIN) != 0 && (secs->attributes & ATTR_DEBUG) == 0,
	      "TCS.FLAGS.DBGOPTIN without SECS.ATTRIBUTES.DEBUG", tcs->flags, 0);
	CHECK(tcs->stage != 0, "TCS is busy: a thread is inside", tcs->stage, 0);
	CHECK(tcs->ossa % PAGE != 0, "TCS.OSSA 0x%llx is not page aligned", tcs->ossa, 0);
	CHECK(tcs->ofsbase % PAGE != 0, "TCS.OFSBASE 0x%llx is not page aligned", tcs->ofsbase, 0);
	CHECK(tcs->ogsbase % PAGE != 0, "TCS.OGSBASE 0x%llx is not page aligned", tcs->ogsbase, 0);
	CHECK((tcs->fslimit & 0xfff) != 0xfff, "TCS.FSLIMIT 0x%llx: low 12 bits are not ones", tcs->fslimit, 0);
	CHECK((tcs->gslimit & 0xfff) != 0xfff, "TCS.GSLIMIT 0x%llx: low 12 bits are not ones", tcs->gslimit, 0);
	CHECK(!canonical(cpu->regs.rcx), "AEP 0x%llx is not canonical", cpu->regs.rcx, 0);
	return 0;
}

static int eenter(void)
{
	struct cpu *const cpu = cpu_self();
	struct tcs *tcs = cpu->tcs;
	const uint64_t base = (uint64_t)enclave.base;
	CHECK(tcs->cssa >= tcs->nssa, "TCS.CSSA %llu >= TCS.NSSA %llu", tcs->cssa, tcs->nssa);
	CHECK(!canonical(base + tcs->oentry), "entry point 0x%llx is not canonical", base + tcs->oentry, 0);
	CHECK(!canonical(base + tcs->ofsbase), "FS base 0x%llx is not canonical", base + tcs->ofsbase, 0);
	CHECK(!canonical(base + tcs->ogsbase), "GS base 0x%llx is not canonical", base + tcs->ogsbase, 0);
	if (check_frame(tcs->cssa) != 0)
		return -1;
	cpu->regs.rip = base + tcs->oentry;
	cpu->regs.rax = tcs->cssa;
	cpu->regs.rflags = RFLAGS_FIXED;
	cpu->fsbase = base + tcs->ofsbase;
	cpu->gsbase = base + tcs->ogsbase;
	cpu->image = NULL;
	if (enclave.strict)
		cpu_poison();
	cpu->stats.entries++;
	return CPU_FRESH;
}

static int eresume(void)
{
	struct cpu *const cpu = cpu_self();
	struct tcs *tcs = cpu->tcs;
	CHECK(tcs->cssa == 0, "TCS.CSSA is 0: there is nothing to resume", 0, 0);
	CHECK(tcs->cssa > tcs->nssa, "TCS.CSSA %llu > TCS.NSSA %llu", tcs->cssa, tcs->nssa);
	if (check_frame(tcs->cssa - 1) != 0 || cpu_resume_state(tcs->cssa - 1) != 0)
		return -1;
	tcs->cssa--;
	cpu->stats.resumes++;
	return CPU_RESUME;
}

/* Under the lock, so that of two threads that enter one TCS at once the second finds it busy. */
static int take_tcs(uint64_t address, uint32_t function)
{
	struct cpu *const cpu = cpu_self();
	const uint64_t aep = cpu->regs.rcx; /* before ERESUME loads the Keep's */
	if (find_tcs(address) != 0 || check_thread() != 0)
		return -1;
	const int next = function == ENCLU_EENTER ? eenter() : eresume();
	if (next < 0)
		return -1;
	cpu->tcs->stage = 1;
	cpu->tcs->aep = aep;
	return next;
}

/*
 * ENCLU[EENTER] or ENCLU[ERESUME] on behalf of emulated_enter(), which has stored the host's registers in cpu.regs.
 * Returns what entry.S does next, or -EINVAL as the vDSO.
 */
int cpu_enter(struct sgx_enclave_run *run, uint32_t function)
{
	struct cpu *const cpu = cpu_self();
	if (!all_zero(run->reserved_028, sizeof run->reserved_028))
		return -EINVAL;
	cpu->run = run;
	cpu->ursp = cpu->regs.rsp;
	cpu->urbp = cpu->regs.rbp;
	enclave_lock();
	const int next = take_tcs(run->tcs, function);
	enclave_unlock();
	if (next < 0) {
		run->function = function;
		run->exception_vector = (uint16_t)cpu->fault.vector;
		run->exception_error_code = (uint16_t)cpu->fault.error_code;
		run->exception_addr = cpu->fault.address;
		return CPU_RETURN;
	}
	step_arm();
	/* As with TCS.FLAGS.DBGOPTIN: the trap is after the first instruction. */
	if (cpu->single && function == ENCLU_ERESUME && cpu->tcs->cssa == cpu->single_frame)
		cpu->regs.rflags |= RFLAGS_TF;
	cpu_inside();
	return next;
}
