/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU in the state that the plan's VMSA gives it: what SNP_LAUNCH_UPDATE would hand to the CPU, by KVM's ioctls. Of PAT,
 * debug registers, x87 and SSE a plan for plain KVM says nothing: they are as after a reset.
 */
#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "vm.h"

/* VMSA_SEGMENT.attributes: bits 55:52 and 47:40 of a descriptor. */
#define SEGMENT_TYPE 0xf
#define SEGMENT_S 4
#define SEGMENT_DPL 5
#define SEGMENT_P 7
#define SEGMENT_AVL 8
#define SEGMENT_L 9
#define SEGMENT_DB 10
#define SEGMENT_G 11

static struct kvm_segment segment(const uint8_t *bytes)
{
	struct vmsa_segment from;
	memcpy(&from, bytes, sizeof from);
	const uint32_t bits = from.attributes;
	return (struct kvm_segment){
		.base = from.base,
		.limit = from.limit,
		.selector = from.selector,
		.type = bits & SEGMENT_TYPE,
		.present = bits >> SEGMENT_P & 1,
		.dpl = bits >> SEGMENT_DPL & 3,
		.db = bits >> SEGMENT_DB & 1,
		.s = bits >> SEGMENT_S & 1,
		.l = bits >> SEGMENT_L & 1,
		.g = bits >> SEGMENT_G & 1,
		.avl = bits >> SEGMENT_AVL & 1,
		.unusable = (bits >> SEGMENT_P & 1) == 0,
	};
}

static struct kvm_dtable table(const uint8_t *bytes)
{
	struct vmsa_segment from;
	memcpy(&from, bytes, sizeof from);
	return (struct kvm_dtable){.base = from.base, .limit = (uint16_t)from.limit};
}

static bool set_sregs(const struct vcpu *vcpu, const struct vmsa *vmsa)
{
	struct kvm_sregs sregs;
	/* What the VMSA does not say, APIC_BASE above all, stays as KVM has it. */
	if (vm_ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) != 0)
		return false;
	sregs.cs = segment(vmsa->cs);
	sregs.ds = segment(vmsa->ds);
	sregs.es = segment(vmsa->es);
	sregs.fs = segment(vmsa->fs);
	sregs.gs = segment(vmsa->gs);
	sregs.ss = segment(vmsa->ss);
	sregs.tr = segment(vmsa->tr);
	sregs.ldt = segment(vmsa->ldtr);
	sregs.gdt = table(vmsa->gdtr);
	sregs.idt = table(vmsa->idtr);
	sregs.cr0 = vmsa->cr0;
	sregs.cr3 = vmsa->cr3;
	sregs.cr4 = vmsa->cr4 & ~(machine.cr4_missing | CR4_MCE);
	sregs.efer = vmsa->efer & ~EFER_SVME;
	return vm_ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) == 0;
}

static bool set_regs(const struct vcpu *vcpu, const struct vmsa *vmsa)
{
	const struct kvm_regs regs = {.rip = vmsa->rip, .rflags = vmsa->rflags, .rdx = vmsa->rdx};
	return vm_ioctl(vcpu->fd, KVM_SET_REGS, &regs) == 0;
}

uint64_t vm_own_xcr0(void)
{
	uint32_t eax, ebx, ecx = 0, edx;
	if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & bit_OSXSAVE) == 0)
		return 0;
	__asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	return (uint64_t)edx << 32 | eax;
}

/* Without OSXSAVE there is no XCR0 to set; what not even the CPU has is refused all the same. */
static bool set_xcr0(const struct vcpu *vcpu, const struct vmsa *vmsa)
{
	const uint64_t own = vm_own_xcr0();
	errno = EINVAL;
	if ((machine.cr4_missing & CR4_OSXSAVE) != 0 && own != 0 && (vmsa->xcr0 & ~own) != 0)
		return false;
	const struct kvm_xcrs xcrs = {.nr_xcrs = 1, .xcrs = {{.xcr = 0, .value = vmsa->xcr0}}};
	return (machine.cr4_missing & CR4_OSXSAVE) != 0 || vm_ioctl(vcpu->fd, KVM_SET_XCRS, &xcrs) == 0;
}

/* The step that the machine refuses, or NULL. */
static const char *refused(struct vcpu *vcpu, uint32_t index, const struct vmsa *vmsa)
{
	vcpu->fd = vm_ioctl(machine.fd, KVM_CREATE_VCPU, (long)index);
	if (vcpu->fd < 0)
		return "KVM_CREATE_VCPU";
	vcpu->run = mmap(NULL, machine.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		return "mmap of the vCPU";
	if (!vm_cpuid_set(vcpu, index))
		return "KVM_SET_CPUID2";
	if (!set_sregs(vcpu, vmsa))
		return "KVM_SET_SREGS: CR0, CR3, CR4, EFER or a segment of the VMSA";
	if (!set_xcr0(vcpu, vmsa))
		return "XCR0 of the VMSA, which this machine does not have";
	if (!set_regs(vcpu, vmsa))
		return "KVM_SET_REGS";
	return NULL;
}

bool vcpu_make(struct keep_host *host, uint32_t index)
{
	const char *what = refused(&machine.vcpus[index], index, vmsa_at(host, index));
	return what == NULL || end_killed(host, CAUSE_BACKEND, "vCPU %u: %s: %s", index, what, strerror(errno));
}
