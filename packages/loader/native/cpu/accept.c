/* SPDX-License-Identifier: Apache-2.0 */
/* EACCEPT, EMODPE, EACCEPTCOPY: the Keep's word on what the host did to its pages. Intel SDM vol. 3D, ENCLU leaf functions. */
#include <stddef.h>
#include "cpu.h"

#define SECINFO_PERMISSIONS (SECINFO_R | SECINFO_W | SECINFO_X)
#define SECINFO_KNOWN (SECINFO_PERMISSIONS | SECINFO_PENDING | SECINFO_MODIFIED | SECINFO_PR | 0xff00)

/* SECINFO at RBX, copied once. */
static int read_secinfo(struct secinfo *secinfo)
{
	struct cpu *const cpu = cpu_self();
	const uint8_t *at = epc_operand(cpu->regs.rbx, sizeof *secinfo, SECINFO_R, "ENCLU: SECINFO at 0x%llx");
	if (at == NULL)
		return -1;
	copy(secinfo, at, sizeof *secinfo);
	if ((secinfo->flags & ~(uint64_t)SECINFO_KNOWN) != 0 ||
	    !all_zero(secinfo->reserved_008, sizeof secinfo->reserved_008))
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "ENCLU: SECINFO.FLAGS 0x%llx, or a reserved byte is not zero",
				 secinfo->flags, 0);
	return 0;
}

/*
 * The page at an address that a leaf works on. A page that is missing within a mapping is one that the access made
 * the driver add: the leaf is executed again and finds it pending.
 */
static struct epcm_entry *find_page(uint64_t address)
{
	if (address % PAGE != 0 || !epc_inside(address, PAGE)) {
		cpu_raise(EXIT_VECTOR_GP, 0, 0, "ENCLU: page address 0x%llx is not aligned or not in the ELRANGE", address,
			  0);
		return NULL;
	}
	struct epcm_entry *entry = epc_entry(address);
	if (epc_mapped(entry) == 0 || ((entry->flags & EPCM_VALID) == 0 && driver_eaug(entry) != 0)) {
		cpu_raise(EXIT_VECTOR_PF, PF_ERROR_U, address, "ENCLU: no page at 0x%llx", address, 0);
		return NULL;
	}
	if (entry->flags & EPCM_BLOCKED) {
		cpu_raise(EXIT_VECTOR_PF, PF_ERROR_P | PF_ERROR_U | PF_ERROR_SGX, address, "ENCLU: blocked page 0x%llx",
			  address, 0);
		return NULL;
	}
	return entry;
}

static uint64_t state_flags(const struct epcm_entry *entry)
{
	return (entry->flags & EPCM_PENDING ? SECINFO_PENDING : 0) |
	       (entry->flags & EPCM_MODIFIED ? SECINFO_MODIFIED : 0);
}

int cpu_eaccept(void)
{
	struct cpu *const cpu = cpu_self();
	struct secinfo secinfo;
	if (read_secinfo(&secinfo) != 0)
		return -1;
	const uint64_t type = secinfo.flags >> SECINFO_PAGE_TYPE_SHIFT & 0xff;
	const uint64_t state = secinfo.flags & (SECINFO_PENDING | SECINFO_MODIFIED | SECINFO_PR);
	const bool regular =
		type == PT_REG && (state & (SECINFO_PENDING | SECINFO_PR)) != 0 && (state & SECINFO_MODIFIED) == 0;
	const bool modified = (type == PT_TCS || type == PT_TRIM) && state == SECINFO_MODIFIED;
	if (!regular && !modified)
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "EACCEPT: SECINFO.FLAGS 0x%llx is no state that can be accepted",
				 secinfo.flags, 0);
	struct epcm_entry *entry = find_page(cpu->regs.rcx);
	if (entry == NULL)
		return -1;
	if (state_flags(entry) != (state & ~(uint64_t)SECINFO_PR) || entry->type != type ||
	    entry->permissions != (secinfo.flags & SECINFO_PERMISSIONS) ||
	    (entry->flags & (EPCM_PENDING | EPCM_MODIFIED | EPCM_PR)) == 0)
		return cpu_result(SGX_ERR_PAGE_ATTRIBUTES_MISMATCH);
	if (type == PT_TCS) {
		struct tcs *tcs = (struct tcs *)(enclave.memory + (cpu->regs.rcx - (uint64_t)enclave.base));
		if (!all_zero(tcs->reserved_058, sizeof tcs->reserved_058) || tcs->ossa % PAGE != 0 ||
		    tcs->ofsbase % PAGE != 0 || tcs->ogsbase % PAGE != 0 || tcs->cssa >= tcs->nssa ||
		    (tcs->flags & TCS_FLAGS_DBGOPTIN) != 0)
			return cpu_raise(EXIT_VECTOR_GP, 0, 0, "EACCEPT: the page at 0x%llx is no valid TCS", cpu->regs.rcx,
					 0);
		tcs->stage = 0;
	}
	if (entry->flags & (EPCM_PENDING | EPCM_MODIFIED))
		enclave.stats.unaccepted--;
	entry->flags &= (uint8_t)~(EPCM_PENDING | EPCM_MODIFIED | EPCM_PR);
	enclave.stats.accepted++;
	/* What was restricted is mapped so since then, and what was modified cannot be reached. */
	if (state & SECINFO_PENDING)
		epc_grant(cpu->regs.rcx - (uint64_t)enclave.base);
	return cpu_result(SGX_ERR_SUCCESS);
}

int cpu_emodpe(void)
{
	struct cpu *const cpu = cpu_self();
	struct secinfo secinfo;
	if (read_secinfo(&secinfo) != 0)
		return -1;
	struct epcm_entry *entry = find_page(cpu->regs.rcx);
	if (entry == NULL)
		return -1;
	const uint32_t stopped = EPCM_PENDING | EPCM_MODIFIED;
	if ((entry->flags & stopped) != 0 || entry->type != PT_REG)
		return cpu_raise(EXIT_VECTOR_PF, PF_ERROR_P | PF_ERROR_U | PF_ERROR_SGX, cpu->regs.rcx,
				 "EMODPE: EPCM flags 0x%llx, page type %llu", entry->flags, entry->type);
	const uint8_t permissions = entry->permissions | (secinfo.flags & SECINFO_PERMISSIONS);
	if ((permissions & SECINFO_R) == 0 && (permissions & SECINFO_W) != 0)
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "EMODPE: permissions 0x%llx are W without R", permissions, 0);
	entry->permissions = permissions;
	epc_grant(cpu->regs.rcx - (uint64_t)enclave.base);
	return 0;
}

int cpu_eacceptcopy(void)
{
	struct cpu *const cpu = cpu_self();
	struct secinfo secinfo;
	if (read_secinfo(&secinfo) != 0)
		return -1;
	const uint64_t permissions = secinfo.flags & SECINFO_PERMISSIONS;
	if ((secinfo.flags & ~(uint64_t)SECINFO_PERMISSIONS) != SECINFO_PT_REG ||
	    (permissions & (SECINFO_R | SECINFO_W)) == SECINFO_W)
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "EACCEPTCOPY: SECINFO.FLAGS 0x%llx", secinfo.flags, 0);
	const uint8_t *source = epc_operand(cpu->regs.rdx, PAGE, SECINFO_R, "EACCEPTCOPY: source page 0x%llx");
	if (source == NULL)
		return -1;
	struct epcm_entry *entry = find_page(cpu->regs.rcx);
	if (entry == NULL)
		return -1;
	const uint32_t both = SECINFO_R | SECINFO_W;
	if ((entry->flags & EPCM_PENDING) == 0 || (entry->flags & EPCM_MODIFIED) != 0 || entry->type != PT_REG ||
	    (entry->permissions & both) != both)
		return cpu_result(SGX_ERR_PAGE_ATTRIBUTES_MISMATCH);
	copy(enclave.memory + (cpu->regs.rcx - (uint64_t)enclave.base), source, PAGE);
	entry->permissions = (uint8_t)permissions;
	entry->flags &= (uint8_t)~EPCM_PENDING;
	enclave.stats.unaccepted--;
	enclave.stats.accepted++;
	epc_grant(cpu->regs.rcx - (uint64_t)enclave.base);
	return cpu_result(SGX_ERR_SUCCESS);
}
