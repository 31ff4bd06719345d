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

/* Within reach of a 32-bit displacement and of a jump. */
#define MOST_BELOW 0x40000000ull

static bool failed(struct keep_host *host, const char *what)
{
	return end_killed(host, CAUSE_MEMORY, "%s: %s", what, strerror(errno));
}

/*
 * An aligned range of the address space, with `below` bytes of room for the stubs of patched sites, which must be within reach
 * of a five-byte jump, and for what they look up. PROT_NONE until the pages are known.
 */
static uint8_t *choose_base(uint64_t size, uint64_t below)
{
	const uint64_t room = 2 * size + below;
	uint8_t *from = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (from == MAP_FAILED)
		return NULL;
	const uint64_t base = ((uint64_t)from + below + size - 1) & ~(size - 1);
	const uint64_t low = base - below, end = (uint64_t)from + room;
	if (low != (uint64_t)from)
		munmap(from, low - (uint64_t)from);
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
		enclave.pages_end = (uint64_t)(entry + 1 - enclave.epcm) * PAGE; /* they come in order */
		enclave.stats.pages++;
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
		adopt_entries(enclave.epcm + first, enclave.epcm + last);
		if (last > first)
			epc_apply(first * PAGE, (last - first) * PAGE);
		at = hole;
	}
	enclave.stats.pages_most = enclave.stats.pages;
	if (enclave.cause != 0)
		return failed(host, "mprotect");
	if (enclave.epc_pages != 0 && enclave.stats.pages > enclave.epc_pages)
		return end_killed(host, CAUSE_EPC_EXHAUSTED, "%llu pages, the limit is %llu",
				  (unsigned long long)enclave.stats.pages, (unsigned long long)enclave.epc_pages);
	return true;
}

/*
 * How far from the base a GS base of the Keep can be: the CPU takes it from the TCS, and a TCS that is made while the Keep runs has
 * its thread page before it (docs/sgx-keep.md). Each has a struct slot as far below the stubs.
 */
static uint64_t slots_size(const struct keep_host *host)
{
	uint64_t most = 0;
	for (uint32_t i = 0; i < host->start.tcs_count; i++) {
		const bool planned = (enclave.epcm[host->tcs[i] / PAGE].flags & EPCM_VALID) != 0;
		const struct tcs *tcs = (const struct tcs *)(enclave.memory + host->tcs[i]);
		const uint64_t gs = planned && tcs->ogsbase < host->start.size ? tcs->ogsbase : 0;
		const uint64_t own = gs > host->tcs[i] ? gs : host->tcs[i];
		most = own > most ? own : most;
	}
	return (most + 2 * PAGE - 1) & ~(PAGE - 1);
}

static bool map_emulated(struct keep_host *host)
{
	const uint64_t size = host->start.size;
	const uint64_t epc_size = EPC_ENTRIES_OFFSET + size / PAGE * sizeof(struct epcm_entry);
	if (!has_size(HELPER_FD_MEMORY, size) || !has_size(HELPER_FD_EPC, epc_size))
		return end_killed(host, CAUSE_MEMORY, "descriptors 4 and 5 are not memfds of 0x%llx and 0x%llx bytes",
				  (unsigned long long)size, (unsigned long long)epc_size);
	enclave.memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, HELPER_FD_MEMORY, 0);
	if (enclave.memory == MAP_FAILED)
		return failed(host, "mmap");
	uint8_t *epc = mmap(NULL, epc_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, HELPER_FD_EPC, 0);
	if (epc == MAP_FAILED)
		return failed(host, "mmap");
	enclave.secs = (struct secs *)epc;
	enclave.epcm = (struct epcm_entry *)(epc + EPC_ENTRIES_OFFSET);
	const uint64_t below = STUBS_SIZE + slots_size(host);
	if (below > MOST_BELOW)
		return end_killed(host, CAUSE_MEMORY, "a GS base or TCS is 0x%llx bytes from the base", (unsigned long long)below);
	uint8_t *base = (uint8_t *)host->start.base;
	if (base == NULL)
		base = choose_base(size, below);
	else if (mmap(base - below, size + below, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
		      0) == MAP_FAILED)
		base = NULL;
	if (base == NULL)
		return failed(host, "no address space for the ELRANGE");
	if (mmap(base, size, PROT_NONE, MAP_SHARED | MAP_FIXED, HELPER_FD_MEMORY, 0) == MAP_FAILED)
		return failed(host, "mmap of the Keep");
	enclave.window = -(int64_t)below;
	enclave.window_size = below - STUBS_SIZE;
	if (mprotect(base - below, enclave.window_size, PROT_READ | PROT_WRITE) != 0)
		return failed(host, "mprotect of the slots");
	keep_private(base, size);
	keep_private(enclave.memory, size);
	keep_private(epc, epc_size);
	host->base = enclave.base = base;
	enclave.size = size;
	enclave.mappings = host->mappings;
	enclave.mapping_count = host->start.mapping_count;
	enclave.memory_fd = HELPER_FD_MEMORY;
	enclave.epc_pages = host->start.epc_pages;
	enclave.ioctl_pages = host->start.ioctl_pages;
	enclave.strict = (host->start.flags & START_STRICT) != 0;
	enclave.trust = (host->start.flags & START_TRUST) != 0;
	enclave.step = (host->start.flags & START_STEP) != 0;
	enclave.step_from = host->start.step_from;
	enclave.step_to = host->start.step_to;
	memcpy(enclave.root, host->start.root, sizeof enclave.root);
	enclave.fsgsbase = (getauxval(AT_HWCAP2) & 2) != 0;
	if (enclave.secs->size != size || enclave.secs->ssaframesize == 0)
		return end_killed(host, CAUSE_MEMORY, "SECS.SIZE 0x%llx, expected 0x%llx",
				  (unsigned long long)enclave.secs->size, (unsigned long long)size);
	enclave.secs->baseaddr = (uint64_t)base;
	host->enter = emulated_enter;
	if (!protect_pages(host))
		return false;
	if (enclave.strict)
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

/* The Keep, and a host-call block for each thread; in that of the first, the boot message. */
bool memory_map(struct keep_host *host)
{
	host->blocks = mmap(NULL, (uint64_t)host->start.tcs_count * HOSTCALL_BLOCK_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (host->blocks == MAP_FAILED)
		return failed(host, "mmap");
	host->clock_gettime = (int (*)(int32_t, void *))vdso_function("__vdso_clock_gettime");
	memcpy(host->blocks + HOSTCALL_DATA_OFFSET, host->boot, host->start.boot_length);
	switch (host->start.backend) {
	case BACKEND_EMULATED:
		return map_emulated(host);
	case BACKEND_HARDWARE:
		return map_hardware(host);
	default:
		return vm_create(host);
	}
}
