/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual machine and its memory: slots of what the loader filled, and of the host-call blocks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vm.h"

struct machine machine = {.fd = -1};

static bool failed(struct keep_host *host, const char *what)
{
	return end_killed(host, CAUSE_BACKEND, "%s: %s", what, strerror(errno));
}

/* What this file and its neighbours use, and since when Linux has it. */
static bool check_interface(struct keep_host *host)
{
	static const struct {
		long capability;
		const char *name;
	} needs[] = {
		{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY (2.6.25)"},
		{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID (2.6.27)"},
		{KVM_CAP_XCRS, "KVM_CAP_XCRS (2.6.36)"},
		{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT (4.11)"},
	};
	const int version = vm_ioctl(HELPER_FD_KVM, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION)
		return end_killed(host, CAUSE_BACKEND, "descriptor 5 is not /dev/kvm of version %d: %d", KVM_API_VERSION, version);
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
		if (vm_ioctl(HELPER_FD_KVM, KVM_CHECK_EXTENSION, needs[i].capability) <= 0)
			return end_killed(host, CAUSE_BACKEND, "this KVM lacks %s", needs[i].name);
	const int most = vm_ioctl(HELPER_FD_KVM, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	if (most > 0 && host->start.tcs_count > (uint32_t)most)
		return end_killed(host, CAUSE_BACKEND, "the Keep has %u threads, a VM of this machine at most %d vCPUs",
				  host->start.tcs_count, most);
	return true;
}

/* Of the guest from `gpa` on. 0 or -errno; KVM refuses what overlaps. Also on a thread of the Keep. */
long vm_add_memory(uint64_t gpa, uint64_t length, const void *at)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = gpa, .memory_size = length, .userspace_addr = (uint64_t)at};
	region.slot = __atomic_fetch_add(&machine.slots, 1, __ATOMIC_RELAXED);
	if (region.slot < SLOTS_KEPT)
		machine.kept[region.slot] = region;
	return vm_ioctl(machine.fd, KVM_SET_USER_MEMORY_REGION, &region) == 0 ? 0 : -errno;
}

/* Guest pages that the shim hands out, or that are launched. */
long vm_add_pages(struct keep_host *host, uint64_t offset, uint64_t length)
{
	return is_snp(host) ? snp_add_pages(host, offset, length)
			    : vm_add_memory(host->start.base + offset, length, host->base + offset);
}

/* Leaves a hole of one page in the slot that it is in: of a host that takes memory away. */
long vm_cut(uint64_t gpa)
{
	for (uint32_t i = 0; i < machine.slots && i < SLOTS_KEPT; i++) {
		struct kvm_userspace_memory_region old = machine.kept[i];
		const uint64_t before = gpa - old.guest_phys_addr;
		if (before >= old.memory_size)
			continue;
		const uint64_t size = old.memory_size;
		const uint8_t *at = (const uint8_t *)old.userspace_addr;
		old.memory_size = machine.kept[i].memory_size = 0;
		if (vm_ioctl(machine.fd, KVM_SET_USER_MEMORY_REGION, &old) != 0)
			return -errno;
		const long low = before == 0 ? 0 : vm_add_memory(old.guest_phys_addr, before, at);
		const uint64_t after = before + PAGE;
		return low != 0 || after == size ? low : vm_add_memory(old.guest_phys_addr + after, size - after, at + after);
	}
	return -ENOENT;
}

static bool map_memory(struct keep_host *host)
{
	const uint64_t size = host->start.size;
	struct stat status;
	if (fstat(HELPER_FD_MEMORY, &status) != 0 || !S_ISREG(status.st_mode) || (uint64_t)status.st_size != size)
		return end_killed(host, CAUSE_MEMORY, "descriptor 4 is not a memfd of 0x%llx bytes", (unsigned long long)size);
	host->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, HELPER_FD_MEMORY, 0);
	if (host->base == MAP_FAILED)
		return end_killed(host, CAUSE_MEMORY, "mmap: %s", strerror(errno));
	/* A core dump or a fork has no business with a Keep. */
	madvise(host->base, size, MADV_DONTFORK);
	madvise(host->base, size, MADV_DONTDUMP);
	enclave.base = enclave.memory = host->base;
	enclave.size = size;
	enclave.memory_fd = HELPER_FD_MEMORY;
	return true;
}

/* A KVM in software interprets ring 0, and its ring 3 is a program of this machine's: the shim goes there. */
static void tell_shim(const struct keep_host *host)
{
	uint64_t is = access("/sys/module/kvm_pvm", F_OK) == 0 ? HOST_PVM : 0;
	if (is != 0 && vm_own_xcr0() != 0)
		is |= HOST_XSAVE;
	memcpy(host->blocks + (VM_MAP_HOST_IS - VM_MAP_SHARED), &is, sizeof is);
}

/* All of them, before the sandbox closes: it lets no further one be made. */
static bool make_vcpus(struct keep_host *host)
{
	machine.vcpus = calloc(host->start.tcs_count, sizeof *machine.vcpus);
	if (machine.vcpus == NULL)
		return failed(host, "vCPUs");
	for (uint32_t i = 0; i < host->start.tcs_count; i++)
		if (!vcpu_make(host, i))
			return false;
	vm_clock_start(host);
	return true;
}

bool vm_create(struct keep_host *host)
{
	if (!check_interface(host) || (is_snp(host) && !snp_check_machine(host)) || !map_memory(host))
		return false;
	if (!is_snp(host))
		tell_shim(host);
	machine.fd = vm_ioctl(HELPER_FD_KVM, KVM_CREATE_VM, snp_vm_type(host));
	const int run_size = vm_ioctl(HELPER_FD_KVM, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (machine.fd < 0)
		return failed(host, "KVM_CREATE_VM");
	if (run_size < (int)sizeof(struct kvm_run))
		return failed(host, "KVM_GET_VCPU_MMAP_SIZE");
	machine.run_size = (uint32_t)run_size;
	if (is_snp(host) && !snp_open(host))
		return false;
	errno = (int)-vm_add_memory(VM_MAP_SHARED, (uint64_t)host->start.tcs_count * HOSTCALL_BLOCK_SIZE, host->blocks);
	for (uint32_t i = 0; i < host->start.mapping_count && errno == 0; i++)
		errno = (int)-vm_add_pages(host, host->mappings[i].offset, host->mappings[i].length);
	if (errno != 0)
		return failed(host, "KVM_SET_USER_MEMORY_REGION");
	return vm_cpuid_read(host) && vm_cr4_check(host, vmsa_at(host, 0)->cr4 & ~CR4_MCE) && make_vcpus(host) && (!is_snp(host) || snp_start(host));
}
