/* SPDX-License-Identifier: Apache-2.0 */
/* The Keep's memory in this process: mapped from what the loader prepared, with the permissions that it may have. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "helper.h"
#include "patch.h"

static bool failed(struct keep_host *host, const char *what)
{
	return end_killed(host, CAUSE_MEMORY, "%s: %s", what, strerror(errno));
}

/*
 * An aligned range of the address space, with room below it for the stubs of patched sites, which must be within reach
 * of a five-byte jump. PROT_NONE until the pages are known.
 */
static uint8_t *choose_base(uint64_t size)
{
	const uint64_t room = 2 * size + STUBS_SIZE;
	uint8_t *from = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (from == MAP_FAILED)
		return NULL;
	const uint64_t base = ((uint64_t)from + STUBS_SIZE + size - 1) & ~(size - 1);
	const uint64_t stubs = base - STUBS_SIZE, end = (uint64_t)from + room;
	if (stubs != (uint64_t)from)
		munmap(from, stubs - (uint64_t)from);
	if (base + size != end)
		munmap((void *)(base + size), end - base - size);
	return (uint8_t *)base;
}

static bool has_size(int fd, uint64_t size)
{
	struct stat status;
	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size == size;
}

/* A core dump or a fork has no business with a Keep. */
static void keep_private(void *at, uint64_t size)
{
	madvise(at, size, MADV_DONTFORK);
	madvise(at, size, MADV_DONTDUMP);
}

/* Fills in what only the helper knows of an entry, and counts. */
static void adopt_entries(struct epcm_entry *from, struct epcm_entry *to)
{
	for (struct epcm_entry *entry = from; entry < to; entry++) {
		if ((entry->flags & EPCM_VALID) == 0)
			continue;
		/* The driver's VM_MAX_PROT: a TCS is mapped RW, anything else no wider than it was added. */
		entry->limit = entry->type == PT_TCS ? SECINFO_R | SECINFO_W : entry->permissions;
		cpu.pages_end = (uint64_t)(entry + 1 - cpu.epcm) * PAGE; /* they come in order */
		cpu.stats.pages++;
	}
}

/*
 * Walks the EPCM where it has data: the entries of a heap that is not there yet are a hole in the file, and reading it
 * would cost 2 MiB of memory for each GiB of heap.
 */
static bool protect_pages(struct keep_host *host)
{
	const uint64_t end = EPC_ENTRIES_OFFSET + host->start.size / PAGE * sizeof(struct epcm_entry);
	for (off_t at = EPC_ENTRIES_OFFSET; (uint64_t)at < end;) {
		const off_t data = lseek(HELPER_FD_EPC, at, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		const off_t hole = data < 0 ? -1 : lseek(HELPER_FD_EPC, data, SEEK_HOLE);
		if (hole < 0)
			return failed(host, "lseek of the EPC state");
		const uint64_t first = ((uint64_t)(data < EPC_ENTRIES_OFFSET ? EPC_ENTRIES_OFFSET : data) - EPC_ENTRIES_OFFSET) /
				       sizeof(struct epcm_entry);
		const uint64_t last = ((uint64_t)hole > end ? end - EPC_ENTRIES_OFFSET : (uint64_t)hole - EPC_ENTRIES_OFFSET) /
				      sizeof(struct epcm_entry);
		adopt_entries(cpu.epcm + first, cpu.epcm + last);
		if (last > first)
			epc_apply(first * PAGE, (last - first) * PAGE);
		at = hole;
	}
	cpu.stats.pages_most = cpu.stats.pages;
	if (cpu.cause != 0)
		return failed(host, "mprotect");
	if (cpu.epc_pages != 0 && cpu.stats.pages > cpu.epc_pages)
		return end_killed(host, CAUSE_EPC_EXHAUSTED, "%llu pages, the limit is %llu",
				  (unsigned long long)cpu.stats.pages, (unsigned long long)cpu.epc_pages);
	return true;
}

static bool map_emulated(struct keep_host *host)
{
	const uint64_t size = host->start.size;
	const uint64_t epc_size = EPC_ENTRIES_OFFSET + size / PAGE * sizeof(struct epcm_entry);
	if (!has_size(HELPER_FD_MEMORY, size) || !has_size(HELPER_FD_EPC, epc_size))
		return end_killed(host, CAUSE_MEMORY, "descriptors 4 and 5 are not memfds of 0x%llx and 0x%llx bytes",
				  (unsigned long long)size, (unsigned long long)epc_size);
	uint8_t *base = (uint8_t *)host->start.base;
	if (base == NULL)
		base = choose_base(size);
	else if (mmap(base - STUBS_SIZE, size + STUBS_SIZE, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		base = NULL;
	if (base == NULL)
		return failed(host, "no address space for the ELRANGE");
	if (mmap(base, size, PROT_NONE, MAP_SHARED | MAP_FIXED, HELPER_FD_MEMORY, 0) == MAP_FAILED)
		return failed(host, "mmap of the Keep");
	cpu.memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, HELPER_FD_MEMORY, 0);
	uint8_t *epc = mmap(NULL, epc_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, HELPER_FD_EPC, 0);
	if (cpu.memory == MAP_FAILED || epc == MAP_FAILED)
		return failed(host, "mmap");
	keep_private(base, size);
	keep_private(cpu.memory, size);
	keep_private(epc, epc_size);
	host->base = cpu.base = base;
	cpu.size = size;
	cpu.secs = (struct secs *)epc;
	cpu.epcm = (struct epcm_entry *)(epc + EPC_ENTRIES_OFFSET);
	cpu.mappings = host->mappings;
	cpu.mapping_count = host->start.mapping_count;
	cpu.memory_fd = HELPER_FD_MEMORY;
	cpu.epc_pages = host->start.epc_pages;
	cpu.ioctl_pages = host->start.ioctl_pages;
	cpu.strict = (host->start.flags & START_STRICT) != 0;
	cpu.trust = (host->start.flags & START_TRUST) != 0;
	cpu.step = (host->start.flags & START_STEP) != 0;
	cpu.step_from = host->start.step_from;
	cpu.step_to = host->start.step_to;
	cpu.seed = host->start.seed != 0 ? host->start.seed : 0x6d6f747465;
	memcpy(cpu.root, host->start.root, sizeof cpu.root);
	cpu.fsgsbase = (getauxval(AT_HWCAP2) & 2) != 0;
	if (cpu.secs->size != size || cpu.secs->ssaframesize == 0)
		return end_killed(host, CAUSE_MEMORY, "SECS.SIZE 0x%llx, expected 0x%llx",
				  (unsigned long long)cpu.secs->size, (unsigned long long)size);
	cpu.secs->baseaddr = (uint64_t)base;
	host->enter = emulated_enter;
	if (!protect_pages(host))
		return false;
	if (cpu.strict)
		epc_hide();
	return true;
}

static bool map_hardware(struct keep_host *host)
{
	host->enter = (enter_function *)vdso_function("__vdso_sgx_enter_enclave");
	if (host->enter == NULL)
		return end_killed(host, CAUSE_BACKEND, "%s", "the vDSO has no __vdso_sgx_enter_enclave (Linux 5.11 on a CPU with SGX)");
	host->base = (uint8_t *)host->start.base;
	for (uint32_t i = 0; i < host->start.mapping_count; i++) {
		const struct mapping *one = &host->mappings[i];
		/* SECINFO's R, W, X are PROT_READ, PROT_WRITE, PROT_EXEC. */
		if (mmap(host->base + one->offset, one->length, (int)one->permissions, MAP_SHARED | MAP_FIXED_NOREPLACE,
			 HELPER_FD_MEMORY, 0) == MAP_FAILED)
			return failed(host, "mmap of /dev/sgx_enclave");
	}
	return true;
}

/* The Keep, and the host-call block of its first thread with the boot message in it. */
bool memory_map(struct keep_host *host)
{
	host->block = mmap(NULL, HOSTCALL_BLOCK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (host->block == MAP_FAILED)
		return failed(host, "mmap");
	host->clock_gettime = (int (*)(int32_t, void *))vdso_function("__vdso_clock_gettime");
	memcpy(host->block + HOSTCALL_DATA_OFFSET, host->boot, host->start.boot_length);
	return host->start.backend == BACKEND_EMULATED ? map_emulated(host) : map_hardware(host);
}
