/* SPDX-License-Identifier: Apache-2.0 */
/* An exit that no Keep makes, in words: where the vCPU was, and what KVM says of it. Under plain KVM the host sees all of it. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include "vm.h"

static const char *suberror_name(uint32_t suberror)
{
	switch (suberror) {
	case KVM_INTERNAL_ERROR_EMULATION:
		return "KVM cannot emulate the instruction";
	case KVM_INTERNAL_ERROR_SIMUL_EX:
		return "an exception within an exception";
	case KVM_INTERNAL_ERROR_DELIVERY_EV:
		return "an exit while an exception was delivered";
	case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON:
		return "an exit that KVM does not know";
	default:
		return "suberror";
	}
}

/* What KVM says about the exit itself. */
static void explain(char *out, size_t size, const struct kvm_run *run)
{
	switch (run->exit_reason) {
	case KVM_EXIT_SHUTDOWN:
		snprintf(out, size, "SHUTDOWN (a triple fault)");
		return;
	case KVM_EXIT_HLT:
		snprintf(out, size, "HLT");
		return;
	case KVM_EXIT_IO:
		snprintf(out, size, "%s of %u bytes, port 0x%x", run->io.direction == KVM_EXIT_IO_OUT ? "OUT" : "IN", run->io.size,
			 run->io.port);
		return;
	case KVM_EXIT_MMIO:
		snprintf(out, size, "%s of %u bytes, guest physical address 0x%llx, where there is no memory",
			 run->mmio.is_write ? "a write" : "a read", run->mmio.len, (unsigned long long)run->mmio.phys_addr);
		return;
	case KVM_EXIT_INTERNAL_ERROR:
		snprintf(out, size, "INTERNAL_ERROR %u (%s)", run->internal.suberror, suberror_name(run->internal.suberror));
		return;
	case KVM_EXIT_FAIL_ENTRY:
		snprintf(out, size, "FAIL_ENTRY, hardware reason 0x%llx",
			 (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
		return;
	default:
		snprintf(out, size, "KVM_EXIT %u", run->exit_reason);
	}
}

/* Where it was. On SVM a triple fault has reset the vCPU: then these are the registers after a reset. */
static void locate(char *out, size_t size, const struct vcpu *vcpu)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	if (ioctl(vcpu->fd, KVM_GET_REGS, &regs) != 0 || ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) != 0) {
		snprintf(out, size, "registers: %s", strerror(errno));
		return;
	}
	snprintf(out, size, "vCPU %u: RIP 0x%llx, CPL %u, RSP 0x%llx, CR2 0x%llx", (uint32_t)(vcpu - machine.vcpus),
		 (unsigned long long)regs.rip, sregs.cs.selector & 3, (unsigned long long)regs.rsp, (unsigned long long)sregs.cr2);
}

void vm_trapped(struct keep_host *host, const struct vcpu *vcpu)
{
	char what[128], where[80];
	explain(what, sizeof what, vcpu->run);
	locate(where, sizeof where, vcpu);
	end_trapped(host, CAUSE_VM_EXIT, "%s; %s", what, where);
}

/* KVM_RUN itself failed: the guest touched memory that this process could not have, or KVM is at its end. */
void vm_run_failed(struct keep_host *host, const struct vcpu *vcpu, int error)
{
	const struct exit_memory_fault *fault = (const struct exit_memory_fault *)&vcpu->run->hw;
	if (is_snp(host) && vcpu->run->exit_reason == SNP_KVM_EXIT_MEMORY_FAULT) {
		snp_memory_fault(host, fault->gpa, (fault->flags & MEMORY_ATTRIBUTE_PRIVATE) != 0);
		return;
	}
	char where[80];
	locate(where, sizeof where, vcpu);
	end_killed(host, error == EFAULT || error == ENOMEM ? CAUSE_MEMORY_LOST : CAUSE_BACKEND, "KVM_RUN: %s; %s", strerror(error),
		   where);
}
