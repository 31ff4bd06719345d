/* SPDX-License-Identifier: Apache-2.0 */
/*
 * #VC into a simulated guest, step by step as the CPU delivers an exception in long mode (AMD 24593 rev 3.42, 8.9): KVM's injection
 * leaves the error code out where SVM is interpreted (QEMU), and the error code is what #VC is about.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include "vm.h"

#define VECTOR_VC 29
#define TSS_RSP0 4
#define TSS_IST 0x24
#define RFLAGS_CLEARED (1u << 8 | 1u << 9 | 1u << 14 | 1u << 16 | 1u << 17) /* TF, IF, NT, RF, VM */
#define CODE_TYPE 0xb

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, zero;
};
_Static_assert(sizeof(struct gate) == 16, "gate");

struct frame {
	uint64_t error, rip, cs, rflags, rsp, ss;
};

/* Within one page, which all of these are. */
static bool copy_in(struct keep_host *host, const struct vcpu *vcpu, uint64_t address, void *to, size_t size)
{
	const void *from = simulated_guest(host, vcpu, address);
	if (from != NULL)
		memcpy(to, from, size);
	return from != NULL;
}

/* The stack that the gate names: of the IST, of ring 0 for whoever comes from ring 3, or the one that is in use. */
static bool find_stack(struct keep_host *host, const struct vcpu *vcpu, const struct kvm_sregs *sregs, const struct gate *gate,
		       uint64_t *rsp)
{
	if ((gate->ist & 7) != 0)
		return copy_in(host, vcpu, sregs->tr.base + TSS_IST + 8 * ((gate->ist & 7) - 1u), rsp, sizeof *rsp);
	if ((sregs->cs.selector & 3) != 0)
		return copy_in(host, vcpu, sregs->tr.base + TSS_RSP0, rsp, sizeof *rsp);
	return true;
}

static void enter_ring0(struct kvm_sregs *sregs, uint16_t selector)
{
	sregs->cs = (struct kvm_segment){
		.selector = selector, .limit = 0xffffffff, .type = CODE_TYPE, .present = 1, .s = 1, .l = 1, .g = 1};
	sregs->ss = (struct kvm_segment){.unusable = 1};
}

bool vc_deliver(struct keep_host *host, struct vcpu *vcpu, uint32_t error)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct gate gate;
	if (ioctl(vcpu->fd, KVM_GET_REGS, &regs) != 0 || ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) != 0)
		return end_killed(host, CAUSE_BACKEND, "registers of a vCPU: %s", strerror(errno));
	uint64_t rsp = regs.rsp;
	struct frame frame = {error, regs.rip, sregs.cs.selector, regs.rflags, regs.rsp, sregs.ss.selector};
	const uint64_t at = sregs.idt.base + VECTOR_VC * sizeof gate;
	if (sregs.idt.limit < (VECTOR_VC + 1) * sizeof gate - 1 || !copy_in(host, vcpu, at, &gate, sizeof gate) ||
	    (gate.type & 0x80) == 0 || !find_stack(host, vcpu, &sregs, &gate, &rsp)) {
		end_trapped(host, CAUSE_VM_EXIT, "#VC 0x%x that cannot be delivered; vCPU %u: RIP 0x%llx", error,
			    (uint32_t)(vcpu - machine.vcpus), (unsigned long long)regs.rip);
		return false;
	}
	rsp = (rsp & ~15ull) - sizeof frame;
	void *stack = simulated_guest(host, vcpu, rsp);
	if (stack == NULL) {
		end_trapped(host, CAUSE_VM_EXIT, "#VC 0x%x without a stack; RSP 0x%llx", error, (unsigned long long)rsp);
		return false;
	}
	memcpy(stack, &frame, sizeof frame);
	enter_ring0(&sregs, gate.selector);
	regs.rsp = rsp;
	regs.rip = (uint64_t)gate.offset_high << 32 | (uint64_t)gate.offset_middle << 16 | gate.offset_low;
	regs.rflags &= ~(uint64_t)RFLAGS_CLEARED;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) != 0 || ioctl(vcpu->fd, KVM_SET_REGS, &regs) != 0)
		return end_killed(host, CAUSE_BACKEND, "registers of a vCPU: %s", strerror(errno));
	return true;
}
