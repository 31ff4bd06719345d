/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Keep has refused to go on. Where that was for an exception within the shim, its frame is where that began: in a debug Keep,
 * whose shim says so by R9, and in a simulated one it is told in words. Of others the host hears the reason and the offset alone
 * (SECURITY.md, rule 17). Under SEV-SNP there are no registers to look at.
 */
#include <stdio.h>
#include <sys/ioctl.h>
#include "vm.h"

static void tell(const struct keep_host *host, const struct vcpu *vcpu, char *out, size_t size)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct trap_frame frame;
	if ((is_snp(host) && !is_simulated(host)) || ioctl(vcpu->fd, KVM_GET_REGS, &regs) != 0 ||
	    ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) != 0)
		return;
	/* RSP is where the CPU and the gate have left it. */
	if (!vm_fault_frame(host, (uint32_t)(vcpu - machine.vcpus), regs.rsp, &frame) ||
	    (!is_simulated(host) && regs.r9 != regs.rsp))
		return;
	snprintf(out, size, "%s (vector %u) in ring %u, error code 0x%x, CR2 0x%llx; RIP 0x%llx, RSP 0x%llx, RFLAGS 0x%llx",
		 vector_name((uint32_t)frame.vector), (uint32_t)frame.vector, (uint32_t)frame.cs & 3, (uint32_t)frame.error, (unsigned long long)sregs.cr2,
		 (unsigned long long)frame.rip, (unsigned long long)frame.rsp, (unsigned long long)frame.rflags);
}

void vm_refused(struct keep_host *host, const struct vcpu *vcpu, uint32_t reason, uint64_t offset)
{
	char text[sizeof host->ending.text] = "";
	tell(host, vcpu, text, sizeof text);
	end_refused(host, reason, offset, text);
}
