/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual machine and its memory: slots of what the loader filled, and of the host-call blocks. */
#include <errno.h>
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
	const int version = ioctl(HELPER_FD_KVM, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION)
		return end_killed(host, CAUSE_BACKEND, "descriptor 5 is not /dev/kvm of version %d: %d", KVM_API_VERSION, version);
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
		if (ioctl(HELPER_FD_KVM, KVM_CHECK_EXTENSION, needs[i].capability) <= 0)
			return end_killed(host, CAUSE_BACKEND, "this KVM lacks %s", needs[i].name);
	const int most = ioctl(HELPER_FD_KVM, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
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
	return ioctl(machine.fd, KVM_SET_USER_MEMORY_REGION, &region) == 0 ? 0 : -errno;
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

/* A KVM in software makes a page fault of ring 3's SYSCALL, which the shim must know. */
static void tell_shim(const struct keep_host *host)
{
	const uint64_t is = access("/sys/module/kvm_pvm", F_OK) == 0 ? HOST_PVM : 0;
	memcpy(host->blocks + (VM_MAP_HOST_IS - VM_MAP_SHARED), &is, sizeof is);
}

bool vm_create(struct keep_host *host)
{
	if (!check_interface(host) || !map_memory(host))
		return false;
	tell_shim(host);
	machine.fd = ioctl(HELPER_FD_KVM, KVM_CREATE_VM, 0);
	const int run_size = ioctl(HELPER_FD_KVM, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (machine.fd < 0)
		return failed(host, "KVM_CREATE_VM");
	if (run_size < (int)sizeof(struct kvm_run))
		return failed(host, "KVM_GET_VCPU_MMAP_SIZE");
	machine.run_size = (uint32_t)run_size;
	errno = (int)-vm_add_memory(VM_MAP_SHARED, (uint64_t)host->start.tcs_count * HOSTCALL_BLOCK_SIZE, host->blocks);
	for (uint32_t i = 0; i < host->start.mapping_count && errno == 0; i++)
		errno = (int)-vm_add_memory(host->start.base + host->mappings[i].offset, host->mappings[i].length,
					    host->base + host->mappings[i].offset);
	if (errno != 0)
		return failed(host, "KVM_SET_USER_MEMORY_REGION");
	return vm_cpuid_read(host) && vm_cr4_check(host, vmsa_at(host, 0)->cr4);
}
