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
	const uint64_t offset = address - (uint64_t)enclave.base;
	return offset < enclave.size && length <= enclave.size - offset;
}

/* The entry of the page at an address inside the ELRANGE. */
struct epcm_entry *epc_entry(uint64_t address)
{
	return &enclave.epcm[(address - (uint64_t)enclave.base) / PAGE];
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
	const uint64_t offset = (uint64_t)(entry - enclave.epcm) * PAGE;
	if (last != NULL && offset - last->offset < last->length)
		return last->permissions;
	for (uint32_t i = 0; i < enclave.mapping_count; i++) {
		const struct mapping *mapping = &enclave.mappings[i];
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
	if (sys(SYS_mprotect, (long)(enclave.base + offset), (long)length, permissions, 0) != 0)
		enclave.cause = CAUSE_MEMORY; /* more than vm.max_map_count pieces */
}

static uint32_t epc_effective(const struct epcm_entry *entry)
{
	const uint32_t allowed = epc_allowed(entry);
	return allowed == 0 ? 0 : allowed & epc_mapped(entry);
}

/*
 * Makes the mapping of a range what the EPCM says, one system call for each piece that is alike. Pages that the Keep has just
 * asked for have their places in the page tables at once, by one more: a fault for each of them costs more than all else that is
 * done for it. Linux before 5.14 knows no such call, and they fault.
 */
static void apply(uint64_t offset, uint64_t length, bool asked_for)
{
	const uint64_t end = offset + length;
	if (enclave.hidden)
		return;
	while (offset < end) {
		const struct epcm_entry *first = &enclave.epcm[offset / PAGE], *entry = first;
		const uint32_t permissions = epc_effective(first);
		do {
			entry++;
			offset += PAGE;
		} while (offset < end && epc_effective(entry) == permissions);
		const uint64_t from = (uint64_t)(first - enclave.epcm) * PAGE;
		protect(from, offset - from, permissions);
		if (asked_for && (permissions & SECINFO_W) != 0)
			sys(SYS_madvise, (long)(enclave.base + from), (long)(offset - from), MADV_POPULATE_WRITE, 0);
	}
}

void epc_apply(uint64_t offset, uint64_t length)
{
	apply(offset, length, false);
}

/*
 * Pages that become reachable one after the other get there by one system call: when the run breaks, when the thread leaves
 * by EEXIT, or when somebody reaches for one of them. What becomes less reachable never waits.
 */
static struct {
	uint64_t offset, length;
} late;

void epc_settle(void)
{
	const uint64_t length = late.length;
	late.length = 0;
	if (length != 0)
		apply(late.offset, length, true);
}

/* A page that may be reached as the EPCM says, which is no less than before. */
void epc_grant(uint64_t offset)
{
	if (late.length == 0 || offset != late.offset + late.length) {
		epc_settle();
		late.offset = offset;
	}
	late.length += PAGE;
}

/*
 * Whether an access that failed will not fail again: its page was late, and is no more, by this thread's doing or another's
 * while this one was on its way here.
 */
bool epc_was_late(uint64_t address, uint32_t wanted)
{
	const uint64_t offset = address - (uint64_t)enclave.base;
	if (!epc_inside(address, 1) || enclave.cause != 0)
		return false;
	enclave_lock();
	if (offset - late.offset < late.length)
		epc_settle();
	const bool was = (epc_effective(epc_entry(address)) & wanted) == wanted;
	enclave_unlock();
	return was;
}

/*
 * Strict: hardware shows the ELRANGE to nobody while no thread is inside. It costs about a millisecond, and threads that wait for each
 * other leave thousands of times a second: of several, each hides it now and then.
 */
#define HIDE_EACH 32

void epc_hide(void)
{
	if (!enclave.strict)
		return;
	enclave_lock();
	if (enclave.inside_count > 0)
		enclave.inside_count--;
	if (enclave.inside_count == 0 && (!enclave.several || cpu_self()->exits % HIDE_EACH == 0)) {
		protect(0, enclave.size, PROT_NONE);
		enclave.hidden = true;
		late.length = 0;
	}
	enclave_unlock();
}

static void show(void)
{
	enclave.hidden = false;
	/* Beyond the last page that ever was, as in most of a large heap, PROT_NONE is right. */
	for (uint32_t i = 0; i < enclave.mapping_count && enclave.mappings[i].offset < enclave.pages_end; i++) {
		const uint64_t offset = enclave.mappings[i].offset, length = enclave.mappings[i].length;
		epc_apply(offset, length < enclave.pages_end - offset ? length : enclave.pages_end - offset);
	}
}

void epc_show(void)
{
	if (!enclave.strict)
		return;
	enclave_lock();
	enclave.inside_count++;
	if (enclave.hidden)
		show();
	enclave_unlock();
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
	return enclave.memory + (address - (uint64_t)enclave.base);
}
