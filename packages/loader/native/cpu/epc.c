/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The EPCM, and the protection of the mapping that follows from it: a page can be reached as EPCM and mapping both
 * allow, and not at all while it is missing, pending or modified.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include "cpu.h"

bool epc_inside(uint64_t address, uint64_t length)
{
	const uint64_t offset = address - (uint64_t)cpu.base;
	return offset < cpu.size && length <= cpu.size - offset;
}

/* The entry of the page at an address inside the ELRANGE. */
struct epcm_entry *epc_entry(uint64_t address)
{
	return &cpu.epcm[(address - (uint64_t)cpu.base) / PAGE];
}

/*
 * What the host maps a page with. Bit 7 of `mapped` says that mprotect has replaced the initial mapping. The mapping
 * that was found last is tried first: strict emulation asks for each page of a heap in turn.
 */
uint32_t epc_mapped(const struct epcm_entry *entry)
{
	static const struct mapping *last;
	if (entry->mapped & 0x80)
		return entry->mapped & 7;
	const uint64_t offset = (uint64_t)(entry - cpu.epcm) * PAGE;
	if (last != NULL && offset - last->offset < last->length)
		return last->permissions;
	for (uint32_t i = 0; i < cpu.mapping_count; i++) {
		const struct mapping *mapping = &cpu.mappings[i];
		if (offset - mapping->offset < mapping->length) {
			last = mapping;
			return mapping->permissions;
		}
	}
	return 0;
}

/* What the Keep's own code may do with a page as far as the EPCM goes. */
uint32_t epc_allowed(const struct epcm_entry *entry)
{
	const uint32_t stopped = EPCM_PENDING | EPCM_MODIFIED | EPCM_BLOCKED;
	if ((entry->flags & (EPCM_VALID | stopped)) != EPCM_VALID || entry->type != PT_REG)
		return 0;
	return entry->permissions;
}

static void protect(uint64_t offset, uint64_t length, uint32_t permissions)
{
	/* SECINFO's R, W, X are PROT_READ, PROT_WRITE, PROT_EXEC. */
	if (sys(SYS_mprotect, (long)(cpu.base + offset), (long)length, permissions, 0) != 0)
		cpu.cause = CAUSE_MEMORY; /* more than vm.max_map_count pieces */
}

static uint32_t epc_effective(const struct epcm_entry *entry)
{
	const uint32_t allowed = epc_allowed(entry);
	return allowed == 0 ? 0 : allowed & epc_mapped(entry);
}

/* Makes the mapping of a range what the EPCM says, one system call for each piece that is alike. */
void epc_apply(uint64_t offset, uint64_t length)
{
	const uint64_t end = offset + length;
	if (cpu.hidden)
		return;
	while (offset < end) {
		const struct epcm_entry *first = &cpu.epcm[offset / PAGE], *entry = first;
		const uint32_t permissions = epc_effective(first);
		do {
			entry++;
			offset += PAGE;
		} while (offset < end && epc_effective(entry) == permissions);
		protect((uint64_t)(first - cpu.epcm) * PAGE, (uint64_t)(entry - first) * PAGE, permissions);
	}
}

/* Strict: hardware shows the ELRANGE to nobody while no thread is inside. */
void epc_hide(void)
{
	if (!cpu.strict)
		return;
	protect(0, cpu.size, PROT_NONE);
	cpu.hidden = true;
}

void epc_show(void)
{
	if (!cpu.hidden)
		return;
	cpu.hidden = false;
	/* Beyond the last page that ever was, as in most of a large heap, PROT_NONE is right. */
	for (uint32_t i = 0; i < cpu.mapping_count && cpu.mappings[i].offset < cpu.pages_end; i++) {
		const uint64_t offset = cpu.mappings[i].offset, length = cpu.mappings[i].length;
		epc_apply(offset, length < cpu.pages_end - offset ? length : cpu.pages_end - offset);
	}
}

/*
 * A memory operand of an ENCLU leaf: in the CPU's view, or NULL after the exception that the manual gives
 * (#GP for alignment and range, #PF for what the EPCM refuses). `align` is also its largest size.
 */
uint8_t *epc_operand(uint64_t address, uint64_t align, uint32_t permissions, const char *name)
{
	if (address % align != 0 || !epc_inside(address, align)) {
		cpu_raise(EXIT_VECTOR_GP, 0, 0, name, address, align);
		return NULL;
	}
	const struct epcm_entry *entry = epc_entry(address);
	if ((epc_allowed(entry) & permissions) != permissions) {
		const uint32_t write = permissions & SECINFO_W ? PF_ERROR_W : 0;
		cpu_raise(EXIT_VECTOR_PF, PF_ERROR_P | PF_ERROR_U | PF_ERROR_SGX | write, address, name, address, align);
		return NULL;
	}
	return cpu.memory + (address - (uint64_t)cpu.base);
}
