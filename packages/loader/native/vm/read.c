/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a VM-based Keep has at its own virtual addresses, by its page tables, for whoever looks into a debug Keep. The tables are
 * read as they are: a thread of the Keep may change them meanwhile, so nothing that is found there is believed to be within its memory.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include "vm.h"

/* AMD 24593 rev 3.42, 5.3 and 5.4. */
#define ENTRY_P 0x1
#define ENTRY_PS 0x80
#define ENTRY_ADDRESS 0x0007fffffffff000ull	/* without the C-bit */
#define LEVELS 4
#define INDEX_BITS 9
#define ENTRIES (1u << INDEX_BITS)
#define VIRTUAL_BITS 48

static bool is_physical(const struct keep_host *host, uint64_t gpa, uint64_t length)
{
	const uint64_t offset = gpa - host->start.base;
	return gpa >= host->start.base && offset <= host->start.size && length <= host->start.size - offset;
}

/* Of guest physical memory; less than `length` where there is no more of it. */
static uint64_t read_physical(const struct keep_host *host, void *to, uint64_t gpa, uint64_t length)
{
	const uint64_t offset = gpa - host->start.base;
	if (!is_physical(host, gpa, length))
		return 0;
	const ssize_t got = pread(HELPER_FD_MEMORY, to, length, (off_t)offset);
	return got < 0 ? 0 : (uint64_t)got;
}

/* The guest physical address, and the bytes from there to the page's end; 0 bytes where nothing is mapped. */
static uint64_t translate(const struct keep_host *host, uint64_t address, uint64_t *gpa)
{
	uint64_t entry = vmsa_at(host, 0)->cr3;
	for (int level = LEVELS - 1; level >= 0; level--) {
		const unsigned shift = 12 + INDEX_BITS * (unsigned)level;
		const uint64_t at = (entry & ENTRY_ADDRESS) + 8 * (address >> shift & (ENTRIES - 1));
		if (read_physical(host, &entry, at, sizeof entry) != sizeof entry || (entry & ENTRY_P) == 0)
			return 0;
		if (level == 0 || (level < LEVELS - 1 && (entry & ENTRY_PS) != 0)) {
			const uint64_t size = 1ull << shift;
			*gpa = (entry & ENTRY_ADDRESS & ~(size - 1)) + (address & (size - 1));
			return size - (address & (size - 1));
		}
	}
	return 0;
}

static uint64_t write_physical(const struct keep_host *host, void *from, uint64_t gpa, uint64_t length)
{
	const uint64_t offset = gpa - host->start.base;
	if (!is_physical(host, gpa, length))
		return 0;
	const ssize_t put = pwrite(HELPER_FD_MEMORY, from, length, (off_t)offset);
	return put < 0 ? 0 : (uint64_t)put;
}

static uint64_t vcpu_block(const struct keep_host *host, uint32_t index)
{
	struct vmsa_segment gs;
	memcpy(&gs, vmsa_at(host, index)->gs, sizeof gs);
	return gs.base - VM_MAP_VCPU_PAGE;
}

static uint64_t stack_top(uint64_t block)
{
	return block + VM_MAP_STACK + VM_MAP_STACK_PAGES * PAGE;
}

/* Where the frame of vCPU `index` is, an offset from the base; 0 where it cannot be read. */
uint64_t vm_frame(const struct keep_host *host, uint32_t index, struct trap_frame *frame)
{
	const uint64_t at = stack_top(vcpu_block(host, index)) - sizeof *frame;
	return read_physical(host, frame, at, sizeof *frame) == sizeof *frame ? at - host->start.base : 0;
}

bool vm_frame_write(const struct keep_host *host, uint32_t index, struct trap_frame *frame)
{
	return write_physical(host, frame, stack_top(vcpu_block(host, index)) - sizeof *frame, sizeof *frame) == sizeof *frame;
}

/* What the shim takes for the program's FS base. */
bool vm_exec_fs_write(const struct keep_host *host, uint32_t index, uint64_t base)
{
	return write_physical(host, &base, vcpu_block(host, index) + VM_MAP_EXEC_FS, sizeof base) == sizeof base;
}

/*
 * Of an exception within the shim, the last words of the frame, if RSP is where the CPU and the gate leave it: at the top of the vCPU's
 * stack or, on a KVM in software, of ring 0's own.
 */
bool vm_fault_frame(const struct keep_host *host, uint32_t index, uint64_t rsp, struct trap_frame *frame)
{
	const uint64_t size = sizeof *frame - offsetof(struct trap_frame, vector), block = vcpu_block(host, index);
	if (rsp != stack_top(block) - size && rsp != block + VM_MAP_SYSTEM_PAGE + PAGE - size)
		return false;
	return read_physical(host, &frame->vector, rsp, size) == size;
}

/* Page by page, until `pass` does less than it is asked for; the bytes that were passed. */
static uint64_t by_pages(const struct keep_host *host, uint64_t address, uint8_t *bytes, uint64_t length,
			 uint64_t (*pass)(const struct keep_host *, void *, uint64_t gpa, uint64_t length))
{
	uint64_t done = 0, gpa;
	while (done < length && (address + done) >> (VIRTUAL_BITS - 1) == 0) {
		const uint64_t left = translate(host, address + done, &gpa);
		const uint64_t part = left < length - done ? left : length - done;
		if (part == 0 || pass(host, bytes + done, gpa, part) != part)
			break;
		done += part;
	}
	return done;
}

/* The bytes that were read: up to the first page that is not there. */
uint64_t vm_read(const struct keep_host *host, uint8_t *to, uint64_t address, uint64_t length)
{
	return by_pages(host, address, to, length, read_physical);
}

/* And written, whatever the page permits the program. */
uint64_t vm_write(const struct keep_host *host, uint64_t address, uint8_t *from, uint64_t length)
{
	return by_pages(host, address, from, length, write_physical);
}
