/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM that is launched as an SEV-SNP guest: whether this machine can, memory that is the guest's own, the launch. By KVM of Linux
 * 6.11 or later, or simulated: then the same launch goes to software (../snp).
 */
#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "vm.h"

#define REQUEST_PAGES 2

struct snp snp = {.guest_memfd = -1};

static long kvm_ioctl(struct snp_calls *calls, unsigned long request, void *argument)
{
	(void)calls;
	__atomic_fetch_add(&machine.ioctls, 1, __ATOMIC_RELAXED);
	/* SEV's commands give the firmware's status beside an errno; a positive result is none of KVM's. */
	return sys(SYS_ioctl, machine.fd, (long)request, (long)argument, 0);
}

static struct snp_calls kvm_calls = {.ioctl = kvm_ioctl};

static long extension(long capability)
{
	return vm_ioctl(HELPER_FD_KVM, KVM_CHECK_EXTENSION, capability);
}

/* What is missing, and what brings it. */
bool snp_check_machine(struct keep_host *host)
{
	uint32_t eax = 0, ebx = 0, ecx, edx;
	if (is_simulated(host))
		return extension(KVM_CAP_X86_USER_SPACE_MSR) > 0 ||
		       end_killed(host, CAUSE_BACKEND, "%s", "this KVM lacks KVM_CAP_X86_USER_SPACE_MSR (5.10)");
	if (!__get_cpuid_count(0x8000001f, 0, &eax, &ebx, &ecx, &edx) || (eax & 1u << 4) == 0)
		return end_killed(host, CAUSE_BACKEND, "%s", "the CPU has no SEV-SNP (CPUID 8000001Fh EAX bit 4); turn it on in the firmware: SMEE, SNP memory coverage");
	if ((ebx & 0x3f) != C_BIT)
		return end_killed(host, CAUSE_BACKEND, "the C-bit of this machine is bit %u; a Keep is measured for bit %u", ebx & 0x3f, C_BIT);
	if ((extension(SNP_KVM_CAP_VM_TYPES) >> SNP_KVM_VM_TYPE & 1) == 0)
		return end_killed(host, CAUSE_BACKEND, "%s", "this KVM makes no SEV-SNP guests: Linux 6.11 or later, and kvm_amd's parameter sev_snp=1");
	if (extension(SNP_KVM_CAP_GUEST_MEMFD) <= 0)
		return end_killed(host, CAUSE_BACKEND, "%s", "this KVM lacks KVM_CAP_GUEST_MEMFD (6.8): CONFIG_KVM_PRIVATE_MEM");
	if ((extension(SNP_KVM_CAP_MEMORY_ATTRIBUTES) & MEMORY_ATTRIBUTE_PRIVATE) == 0 || extension(SNP_KVM_CAP_USER_MEMORY2) <= 0)
		return end_killed(host, CAUSE_BACKEND, "%s", "this KVM lacks KVM_CAP_MEMORY_ATTRIBUTES or KVM_CAP_USER_MEMORY2 (6.8)");
	if ((extension(KVM_CAP_EXIT_HYPERCALL) >> HYPERCALL_MAP_GPA_RANGE & 1) == 0)
		return end_killed(host, CAUSE_BACKEND, "%s", "this KVM lacks KVM_CAP_EXIT_HYPERCALL of KVM_HC_MAP_GPA_RANGE (5.14)");
	return true;
}

unsigned long snp_vm_type(const struct keep_host *host)
{
	return host->start.backend == BACKEND_SNP ? SNP_KVM_VM_TYPE : 0;
}

static bool failed(struct keep_host *host, const char *what)
{
	return end_killed(host, CAUSE_BACKEND, "%s: %s", what, strerror(errno));
}

static bool open_hardware(struct keep_host *host)
{
	struct guest_memfd memfd = {.size = host->start.size};
	struct kvm_enable_cap enable = {.cap = KVM_CAP_EXIT_HYPERCALL, .args = {1ull << HYPERCALL_MAP_GPA_RANGE}};
	snp.calls = &kvm_calls;
	if (vm_ioctl(machine.fd, KVM_ENABLE_CAP, &enable) != 0)
		return failed(host, "KVM_CAP_EXIT_HYPERCALL");
	snp.guest_memfd = vm_ioctl(machine.fd, SNP_IOC_GUEST_MEMFD, &memfd);
	return snp.guest_memfd >= 0 || failed(host, "KVM_CREATE_GUEST_MEMFD");
}

/* Memory that both sides see, beside the host-call blocks; and, before there are vCPUs, what the VM is. */
bool snp_open(struct keep_host *host)
{
	snp.shared_size = (host->start.tcs_count + REQUEST_PAGES) * (uint64_t)PAGE;
	snp.shared = mmap(NULL, snp.shared_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (snp.shared == MAP_FAILED)
		return failed(host, "mmap");
	if (!(is_simulated(host) ? simulated_open(host) : open_hardware(host)))
		return false;
	if (!snp_init(snp.calls, HELPER_FD_SEV, &snp.outcome))
		return end_killed(host, CAUSE_BACKEND, "%s", snp.outcome.text);
	errno = (int)-vm_add_memory(VM_MAP_GHCB, snp.shared_size, snp.shared);
	return errno == 0 || failed(host, "KVM_SET_USER_MEMORY_REGION");
}

/* Guest pages: not the guest's own before it asks, or the launch does. Also on a thread of the Keep. */
long snp_add_pages(struct keep_host *host, uint64_t offset, uint64_t length)
{
	struct memory_region2 region = {
		.flags = SNP_KVM_MEM_GUEST_MEMFD,
		.guest_phys_addr = host->start.base + offset,
		.memory_size = length,
		.userspace_addr = (uint64_t)host->base + offset,
		.guest_memfd_offset = offset,
		.guest_memfd = (uint32_t)snp.guest_memfd,
	};
	/* Simulated, what the guest sees with the C-bit is other memory than without it, where there is none. */
	if (is_simulated(host))
		return vm_add_memory(1ull << C_BIT | region.guest_phys_addr, length, host->base + offset);
	region.slot = __atomic_fetch_add(&machine.slots, 1, __ATOMIC_RELAXED);
	return kvm_ioctl(snp.calls, SNP_IOC_MEMORY_REGION2, &region);
}

bool snp_map_range(struct keep_host *host, uint64_t gpa, uint64_t length, bool private)
{
	if (!snp_own(snp.calls, gpa, length, private))
		return false;
	if (is_simulated(host))
		simulated_protect(host, gpa - host->start.base, length);
	return true;
}

static const struct launch_run *run_of_type(const struct keep_host *host, uint32_t type)
{
	for (uint32_t i = 0; i < host->launch->run_count; i++)
		if (host->runs[i].type == type)
			return &host->runs[i];
	return NULL;
}

/* The copy that the launch was made from is of no more use: hardware has its own. */
static void drop_source(const struct keep_host *host)
{
	for (uint32_t i = 0; i < host->start.mapping_count; i++)
		madvise(host->base + host->mappings[i].offset, host->mappings[i].length, MADV_REMOVE);
}

bool snp_start(struct keep_host *host)
{
	static struct cpuid_row truth[CPUID_ROWS];
	const struct snp_input input = {
		.launch = host->launch,
		.runs = host->runs,
		.memory = host->base,
		.base = host->start.base,
		.sev_fd = HELPER_FD_SEV,
	};
	const struct launch_run *cpuid = run_of_type(host, SNP_PAGE_CPUID);
	if (is_simulated(host))
		snp.software.firmware.cpuid = (struct cpuid_truth){truth, cpuid_rows(truth, false, vmsa_at(host, 0)->xcr0)};
	if (cpuid != NULL)
		cpuid_page_write(host->base + cpuid->offset, vmsa_at(host, 0)->xcr0);
#ifdef MOTTE_HOSTILE
	if (cpuid != NULL)
		hostile_pages(host, LIE_CPUID, host->base + cpuid->offset);
#endif
	for (uint32_t i = 0; i < host->start.mapping_count; i++)
		if (!snp_own(snp.calls, host->start.base + host->mappings[i].offset, host->mappings[i].length, true))
			return failed(host, "KVM_SET_MEMORY_ATTRIBUTES");
	if (!snp_launch(snp.calls, &input, &snp.outcome))
		return end_killed(host, CAUSE_BACKEND, "%s", snp.outcome.text);
#ifdef MOTTE_HOSTILE
	const struct launch_run *secrets = run_of_type(host, SNP_PAGE_SECRETS);
	if (secrets != NULL && is_simulated(host))
		hostile_pages(host, LIE_SECRETS, host->base + secrets->offset);
#endif
	if (is_simulated(host))
		simulated_protect(host, 0, host->start.size);
	else
		drop_source(host);
	return true;
}
