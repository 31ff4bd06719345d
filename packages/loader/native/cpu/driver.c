/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Linux's SGX driver does for a running Keep: EAUG at a fault, and the ioctls with their partial counts and
 * error codes (arch/x86/kernel/cpu/sgx/ioctl.c, Linux 6.1). Offsets are from the base.
 */
#include <errno.h>
#include <linux/falloc.h>
#include <stddef.h>
#include <sys/syscall.h>
#include "cpu.h"
#include "trap.h"

/*
 * The page exists before it is promised, so that a machine out of memory says so here and not by SIGBUS. Those after it, which
 * are mostly asked for next, are had by the same system call, or by one each where that is too much: the more of them, the
 * longer pages have been asked for in turn.
 */
#define LEAST_AHEAD (16 * PAGE)
#define MOST_AHEAD (256 * PAGE)

static struct {
	uint64_t from, to;
} backed;

static bool back(uint64_t offset)
{
	if (offset - backed.from < backed.to - backed.from)
		return true;
	uint64_t length = offset == backed.to ? 2 * (backed.to - backed.from) : LEAST_AHEAD;
	if (length > MOST_AHEAD)
		length = MOST_AHEAD;
	if (length > enclave.size - offset || sys(SYS_fallocate, enclave.memory_fd, 0, (long)offset, (long)length) != 0)
		length = PAGE;
	if (length == PAGE && sys(SYS_fallocate, enclave.memory_fd, 0, (long)offset, (long)length) != 0)
		return false;
	backed.from = offset;
	backed.to = offset + length;
	return true;
}

/* EAUG of a missing page: pending, zero, RW. The host's word is its mapping: where there is none, nothing is added. */
int driver_eaug(struct epcm_entry *entry)
{
	struct cpu *const cpu = cpu_self();
	if (epc_mapped(entry) == 0)
		return -EFAULT;
	if (enclave.epc_pages != 0 && enclave.stats.pages >= enclave.epc_pages) {
		cpu->cause = CAUSE_EPC_EXHAUSTED;
		return -ENOMEM;
	}
	const uint64_t offset = (uint64_t)(entry - enclave.epcm) * PAGE;
	if (!back(offset)) {
		cpu->cause = CAUSE_MEMORY_LOST;
		return -ENOMEM;
	}
	entry->type = PT_REG;
	entry->permissions = SECINFO_R | SECINFO_W;
	entry->flags = EPCM_VALID | EPCM_PENDING;
	entry->limit = SECINFO_R | SECINFO_W | SECINFO_X;
	if (offset + PAGE > enclave.pages_end)
		enclave.pages_end = offset + PAGE;
	enclave.stats.augmented++;
	enclave.stats.unaccepted++;
	if (++enclave.stats.pages > enclave.stats.pages_most)
		enclave.stats.pages_most = enclave.stats.pages;
	return 0;
}

static int check_range(uint64_t offset, uint64_t length)
{
	if (length == 0 || offset % PAGE != 0 || length % PAGE != 0 || offset >= enclave.size || length > enclave.size - offset)
		return -EINVAL;
	return 0;
}

/* The driver may stop early on any ioctl; a test makes it do so after ioctl_pages pages. */
static bool stops_at(uint64_t done)
{
	return enclave.ioctl_pages != 0 && done / PAGE >= enclave.ioctl_pages;
}

/*
 * ETRACK and the interrupts after it: the driver returns when no thread runs on translations of before. Each thread that is
 * inside is made to leave once. Here its accesses failed from the moment of mprotect on; the exit is what the Keep can notice.
 */
static void track(void)
{
	const uint32_t own = cpu_self()->index;
	const int process = (int)sys(SYS_getpid, 0, 0, 0, 0);
	for (uint32_t i = 0; i < enclave.cpu_count; i++) {
		struct cpu *other = cpu_at(i);
		const uint32_t exits = other->exits;
		while (i != own && other->inside && other->exits == exits && !enclave.stop) {
			other->kicked = true;
			sys(SYS_tgkill, process, other->tid, SIGNAL_TICK, 0);
			sys(SYS_sched_yield, 0, 0, 0, 0);
		}
	}
}

/* EMODPR; the driver may only restrict. */
int driver_restrict(struct sgx_enclave_restrict_permissions *arg)
{
	const uint64_t permissions = arg->permissions;
	arg->count = 0;
	arg->result = 0;
	if (check_range(arg->offset, arg->length) != 0 || (permissions & ~7ull) != 0 ||
	    (permissions & (SECINFO_R | SECINFO_W)) == SECINFO_W)
		return -EINVAL;
	int failed = 0;
	enclave_lock();
	while (arg->count < arg->length && !failed) {
		struct epcm_entry *entry = &enclave.epcm[(arg->offset + arg->count) / PAGE];
		if (stops_at(arg->count)) {
			failed = -EAGAIN;
		} else if ((entry->flags & EPCM_VALID) == 0) {
			failed = -EFAULT;
		} else if ((entry->flags & (EPCM_PENDING | EPCM_MODIFIED)) != 0 || entry->type != PT_REG) {
			arg->result = SGX_ERR_PAGE_NOT_MODIFIABLE;
			failed = -EFAULT;
		} else {
			entry->permissions &= (uint8_t)permissions;
			entry->flags |= EPCM_PR;
			arg->count += PAGE;
		}
	}
	epc_apply(arg->offset, arg->count);
	enclave_unlock();
	track();
	return failed;
}

/* What the driver maps a TCS with, though the CPU alone may touch it. */
#define TCS_LIMIT (SECINFO_R | SECINFO_W)

/* EMODT: to TRIM, or a regular page to a TCS. */
int driver_modify_types(struct sgx_enclave_modify_types *arg)
{
	arg->count = 0;
	arg->result = 0;
	if (check_range(arg->offset, arg->length) != 0 || (arg->page_type != PT_TRIM && arg->page_type != PT_TCS))
		return -EINVAL;
	int failed = 0;
	enclave_lock();
	while (arg->count < arg->length && !failed) {
		struct epcm_entry *entry = &enclave.epcm[(arg->offset + arg->count) / PAGE];
		const bool may = entry->type == PT_REG || (entry->type == PT_TCS && arg->page_type == PT_TRIM);
		if (stops_at(arg->count)) {
			failed = -EAGAIN;
		} else if ((entry->flags & EPCM_VALID) == 0) {
			failed = -EFAULT;
		} else if (!may) {
			failed = -EINVAL;
		} else if (arg->page_type == PT_TCS && (entry->limit & TCS_LIMIT) != TCS_LIMIT) {
			failed = -EPERM;
		} else if ((entry->flags & (EPCM_PENDING | EPCM_MODIFIED)) != 0) {
			arg->result = SGX_ERR_PAGE_NOT_MODIFIABLE;
			failed = -EFAULT;
		} else {
			if (arg->page_type == PT_TCS)
				entry->limit = TCS_LIMIT;
			entry->type = (uint8_t)arg->page_type;
			entry->permissions = 0;
			entry->flags |= EPCM_MODIFIED;
			enclave.stats.unaccepted++;
			arg->count += PAGE;
		}
	}
	epc_apply(arg->offset, arg->count);
	enclave_unlock();
	track();
	return failed;
}

/* EREMOVE of pages that were trimmed, and whose trimming the Keep has accepted. */
int driver_remove(struct sgx_enclave_remove_pages *arg)
{
	arg->count = 0;
	if (check_range(arg->offset, arg->length) != 0)
		return -EINVAL;
	int failed = 0;
	enclave_lock();
	while (arg->count < arg->length && !failed) {
		struct epcm_entry *entry = &enclave.epcm[(arg->offset + arg->count) / PAGE];
		if (stops_at(arg->count)) {
			failed = -EAGAIN;
		} else if ((entry->flags & EPCM_VALID) == 0) {
			failed = -EFAULT;
		} else if (entry->type != PT_TRIM || (entry->flags & EPCM_MODIFIED) != 0) {
			failed = -EPERM;
		} else {
			entry->type = entry->permissions = entry->flags = entry->limit = 0;
			enclave.stats.pages--;
			enclave.stats.removed++;
			arg->count += PAGE;
		}
	}
	epc_apply(arg->offset, arg->count);
	backed.from = backed.to = 0;
	if (arg->count != 0)
		sys(SYS_fallocate, enclave.memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (long)arg->offset,
		    (long)arg->count);
	enclave_unlock();
	return failed;
}

/* mprotect of the host's mapping: never more than a page was added with (sgx_encl_may_map). */
static int protect(uint64_t offset, uint64_t length, uint32_t permissions)
{
	for (uint64_t at = offset; at < offset + length; at += PAGE) {
		const struct epcm_entry *entry = &enclave.epcm[at / PAGE];
		if (epc_mapped(entry) == 0 && (entry->mapped & 0x80) == 0)
			return -ENOMEM;
		if ((entry->flags & EPCM_VALID) && (permissions & ~entry->limit) != 0)
			return -EACCES;
	}
	for (uint64_t at = offset; at < offset + length; at += PAGE)
		enclave.epcm[at / PAGE].mapped = (uint8_t)(0x80 | permissions);
	epc_apply(offset, length);
	return 0;
}

int driver_protect(uint64_t offset, uint64_t length, uint32_t permissions)
{
	if (check_range(offset, length) != 0 || (permissions & ~7u) != 0)
		return -EINVAL;
	enclave_lock();
	const int failed = protect(offset, length, permissions);
	enclave_unlock();
	return failed;
}
