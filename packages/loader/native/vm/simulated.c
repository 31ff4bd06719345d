/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEV-SNP on a KVM that has none (docs/vm-keep.md, "Simulated SEV-SNP"). The guest's own pages are what it sees at addresses with the
 * C-bit, a slot of other memory than those without it. A page that it may not touch yet is one that this process may not either: then
 * KVM_RUN fails with EFAULT before the instruction has done anything. PVALIDATE and VMGEXIT, which this CPU does not have, are
 * replaced by OUT to ports of their own, after the launch has measured them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "hostcall_host.h"
#include "sgx.h"
#include "vm.h"

#define SITE_SIZE 4
#define PORT_VMGEXIT 0xd9
#define PORT_PVALIDATE 0xff
#define CARRY 1ull
#define SEV_STATUS_ALL (SEV_STATUS_SEV | SEV_STATUS_SEV_ES | SEV_STATUS_SNP)

/* What stands there, and the OUT imm8, EAX; NOP; NOP in its place. */
static const struct {
	uint32_t kind;
	uint8_t original[SITE_SIZE], patched[SITE_SIZE];
} patches[] = {
	{SITE_VMGEXIT, {0xf3, 0x0f, 0x01, 0xd9}, {0xe7, PORT_VMGEXIT, 0x90, 0x90}},
	{SITE_PVALIDATE, {0xf2, 0x0f, 0x01, 0xff}, {0xe7, PORT_PVALIDATE, 0x90, 0x90}},
};

/* The MSRs of SEV come to this process; the table of pages is empty: all are the host's. */
bool simulated_open(struct keep_host *host)
{
	struct kvm_enable_cap enable = {.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = {KVM_MSR_EXIT_REASON_FILTER}};
	uint8_t none = 0;
	struct kvm_msr_filter filter = {
		.flags = KVM_MSR_FILTER_DEFAULT_ALLOW,
		.ranges = {{.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE, .base = SEV_MSR_GHCB, .nmsrs = 2, .bitmap = &none}},
	};
	if (vm_ioctl(machine.fd, KVM_ENABLE_CAP, &enable) != 0 || vm_ioctl(machine.fd, KVM_X86_SET_MSR_FILTER, &filter) != 0)
		return end_killed(host, CAUSE_BACKEND, "KVM_X86_SET_MSR_FILTER: %s", strerror(errno));
	if (!software_start(&snp.software, host->start.base, host->start.size / PAGE, (struct cpuid_truth){0}))
		return end_killed(host, CAUSE_MEMORY, "the table of pages: %s", strerror(errno));
	snp.software.memory = host->base;
	snp.software.vmsas = host->vmsa;
	snp.software.vcpu_count = host->start.tcs_count;
	snp.software.pages_most = host->start.ioctl_pages;
	snp.calls = &snp.software.calls;
	return true;
}

/* What this process may touch, and so the guest: what is validated. */
void simulated_protect(struct keep_host *host, uint64_t offset, uint64_t length)
{
	const uint8_t *entries = rmp_entry(&snp.software.firmware, host->start.base + offset);
	for (uint64_t from = 0, to; from < length / PAGE; from = to) {
		const bool valid = entries[from] == RMP_VALID;
		for (to = from + 1; to < length / PAGE && (entries[to] == RMP_VALID) == valid; to++)
			;
		if (sys(SYS_mprotect, (long)(host->base + offset + from * PAGE), (long)((to - from) * PAGE),
			valid ? PROT_READ | PROT_WRITE : PROT_NONE, 0) != 0)
			end_killed(host, CAUSE_MEMORY, "%s", "mprotect of guest pages");
	}
}

bool vm_patch(struct keep_host *host)
{
	for (uint32_t i = 0; i < host->start.site_count; i++) {
		const struct site *site = &host->sites[i];
		const size_t kind = site->kind == SITE_VMGEXIT ? 0 : 1;
		uint8_t *bytes = host->base + site->offset;
		if (site->kind != patches[kind].kind || !rmp_covers(&snp.software.firmware, host->start.base + site->offset, 1) ||
		    *rmp_entry(&snp.software.firmware, host->start.base + site->offset) != RMP_VALID ||
		    memcmp(bytes, patches[kind].original, SITE_SIZE) != 0)
			return end_killed(host, CAUSE_START_INVALID, "SITE at 0x%x: kind %u", site->offset, site->kind);
		memcpy(bytes, patches[kind].patched, SITE_SIZE);
		enclave.stats.patched_sites++;
	}
	return true;
}

/* Where this process has what the guest has at a virtual address; NULL where that is no validated page of its own. */
void *simulated_guest(struct keep_host *host, const struct vcpu *vcpu, uint64_t address)
{
	struct kvm_translation translation = {.linear_address = address};
	if (sys(SYS_ioctl, vcpu->fd, KVM_TRANSLATE, (long)&translation, 0) != 0 || !translation.valid ||
	    (translation.physical_address >> C_BIT & 1) == 0)
		return NULL;
	const uint64_t gpa = translation.physical_address & ~(1ull << C_BIT);
	if (!rmp_covers(&snp.software.firmware, gpa, 1) || *rmp_entry(&snp.software.firmware, gpa & ~(PAGE - 1ull)) != RMP_VALID)
		return NULL;
	return host->base + (gpa - host->start.base);
}

/* KVM has not carried out the OUT before the vCPU is run again; what its registers become would be lost. */
static bool complete(struct keep_host *host, struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	const long result = sys(SYS_ioctl, vcpu->fd, KVM_RUN, 0, 0);
	return result == 0 || result == -EINTR ||
	       end_killed(host, CAUSE_BACKEND, "KVM_RUN to complete an exit: %s", strerror((int)-result));
}

/* RAX: virtual address, ECX: 1 for 2 MiB, EDX: 1 to validate. AMD 24594 rev 3.36, PVALIDATE. */
static bool pvalidate(struct keep_host *host, struct vcpu *vcpu)
{
	struct kvm_regs regs;
	bool unchanged;
	if (!complete(host, vcpu))
		return false;
	if (ioctl(vcpu->fd, KVM_GET_REGS, &regs) != 0)
		return end_killed(host, CAUSE_BACKEND, "KVM_GET_REGS: %s", strerror(errno));
	struct kvm_translation translation = {.linear_address = regs.rax};
	const bool large = (uint32_t)regs.rcx == 1, shared = ioctl(vcpu->fd, KVM_TRANSLATE, &translation) != 0 || !translation.valid ||
							  (translation.physical_address >> C_BIT & 1) == 0;
	const uint64_t gpa = translation.physical_address & ~(1ull << C_BIT);
	if (shared || (uint32_t)regs.rcx > 1 || (uint32_t)regs.rdx > 1) {
		end_trapped(host, CAUSE_MEMORY_FAULT, "PVALIDATE of 0x%llx, which is no page of the guest's own", (unsigned long long)regs.rax);
		return false;
	}
	regs.rax = rmp_validate(&snp.software.firmware, gpa, large, (uint32_t)regs.rdx == 1, &unchanged);
	regs.rflags = (regs.rflags & ~CARRY) | (unchanged ? CARRY : 0);
	if (regs.rax == 0 && !unchanged)
		simulated_protect(host, gpa - host->start.base, large ? 512 * PAGE : PAGE);
	return ioctl(vcpu->fd, KVM_SET_REGS, &regs) == 0 || end_killed(host, CAUSE_BACKEND, "KVM_SET_REGS: %s", strerror(errno));
}

static bool read_msr(struct vcpu *vcpu)
{
	vcpu->run->msr.data = vcpu->run->msr.index == SEV_MSR_GHCB ? vcpu->ghcb_msr : SEV_STATUS_ALL;
	vcpu->run->msr.error = 0;
	return true;
}

/* SEV_STATUS is read-only. */
static bool write_msr(struct vcpu *vcpu)
{
	vcpu->run->msr.error = vcpu->run->msr.index != SEV_MSR_GHCB;
	if (vcpu->run->msr.error == 0)
		vcpu->ghcb_msr = vcpu->run->msr.data;
	return true;
}

static bool is_out(const struct kvm_run *run, uint16_t port)
{
	return run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_OUT && run->io.port == port &&
	       run->io.size == sizeof(uint32_t) && run->io.count == 1;
}

bool simulated_exit(struct keep_thread *thread, struct vcpu *vcpu, bool *handled)
{
	struct kvm_run *run = vcpu->run;
	if (is_out(run, PORT_VMGEXIT))
		return simulated_vmgexit(thread, vcpu);
	if (is_out(run, PORT_PVALIDATE))
		return pvalidate(thread->host, vcpu);
	switch (run->exit_reason) {
	case KVM_EXIT_X86_RDMSR:
		return read_msr(vcpu);
	case KVM_EXIT_X86_WRMSR:
		return write_msr(vcpu);
	case KVM_EXIT_MMIO:
		/* #NPF: the page is the host's and was seen with the C-bit, or the other way round. */
		snp_memory_fault(thread->host, run->mmio.phys_addr & ~(1ull << C_BIT), (run->mmio.phys_addr >> C_BIT & 1) != 0);
		return false;
	default:
		*handled = false;
		return true;
	}
}

/* A page of the guest's own that it has not validated: #VC, with the exit code of its kind. */
bool simulated_fault(struct keep_thread *thread, struct vcpu *vcpu)
{
	return vc_deliver(thread->host, vcpu, GHCB_EXIT_NOT_VALIDATED);
}
