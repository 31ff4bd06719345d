/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that injects exceptions and interrupts which nothing in the guest brought about, for tests: in motte-helper-hostile alone.
 * One lie at a time, of a Keep of one thread.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include "vm.h"

#ifdef MOTTE_HOSTILE

#define VECTOR_NMI 2
#define VECTOR_BP 3
#define VECTOR_OF 4
#define VECTOR_PF 14
#define VECTORS_OF_THE_CPU 31	/* no CPU has exception 31, and VMRUN takes none */
#define HLT 0xf4
#define BELOW 128u	/* bytes below RSP, where the CPU would push if no stack was switched to */

static struct {
	const struct lie *lie;	/* that is still to be done */
	bool planted;		/* HLT stands at its offset; what was there: */
	uint8_t original;
	uint64_t watched;	/* where RSP was then, as an offset in the Keep; 0: elsewhere */
	uint8_t below[BELOW];
} state;

void hostile_event(const struct lie *lie)
{
	state.lie = lie;
}

static bool failed(struct keep_host *host, const char *what)
{
	return end_killed(host, CAUSE_BACKEND, "%s: %s", what, strerror(errno));
}

/* Of a page fault: at an address that no Keep has anything at. */
static bool set_fault_address(const struct vcpu *vcpu)
{
	struct kvm_sregs sregs;
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) != 0)
		return false;
	sregs.cr2 = 0;
	return ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) == 0;
}

static bool inject(struct keep_host *host, const struct vcpu *vcpu)
{
	const uint64_t value = state.lie->value;
	const uint8_t vector = (uint8_t)value;
	struct kvm_vcpu_events events;
	state.lie = NULL;
	if (vector == VECTOR_PF && !set_fault_address(vcpu))
		return failed(host, "CR2");
	if (ioctl(vcpu->fd, KVM_GET_VCPU_EVENTS, &events) != 0)
		return failed(host, "KVM_GET_VCPU_EVENTS");
	if (vector == VECTOR_NMI) {
		events.nmi.injected = 1;
	} else if (vector >= VECTORS_OF_THE_CPU || vector == VECTOR_BP || vector == VECTOR_OF) {
		/* KVM leaves out #BP and #OF where their instruction is not; as interrupts it delivers them. */
		events.interrupt.injected = 1;
		events.interrupt.nr = vector;
	} else {
		events.exception.injected = 1;
		events.exception.nr = vector;
		events.exception.has_error_code = (value & LIE_EVENT_HAS_CODE) != 0;
		events.exception.error_code = (uint32_t)(value >> LIE_EVENT_CODE_SHIFT);
	}
	return ioctl(vcpu->fd, KVM_SET_VCPU_EVENTS, &events) == 0 || failed(host, "KVM_SET_VCPU_EVENTS");
}

/* Ring 3 alone has interrupts on. */
static bool is_in_ring3(const struct vcpu *vcpu)
{
	struct kvm_sregs sregs;
	return vcpu->run->ready_for_interrupt_injection && ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) == 0 && (sregs.cs.selector & 3) == 3;
}

static bool plant(struct keep_host *host)
{
	if (state.lie->at >= host->start.size)
		return end_killed(host, CAUSE_START_INVALID, "%s", "a LIE's offset");
	state.original = host->base[state.lie->at];
	host->base[state.lie->at] = HLT;
	state.planted = true;
	return true;
}

bool inject_before(struct keep_host *host, const struct vcpu *vcpu)
{
	if (state.lie == NULL || state.planted)
		return true;
	switch (state.lie->size) {
	case LIE_WHERE_RING0:
		return inject(host, vcpu);
	case LIE_WHERE_OFFSET:
		return plant(host);
	}
	if (is_in_ring3(vcpu))
		return inject(host, vcpu);
	vcpu->run->request_interrupt_window = 1;
	return true;
}

/* What is below RSP must stay as it is, unless it is the vCPU's own stack, or ring 0's on a KVM in software: there the CPU delivers. */
static void watch(const struct keep_host *host, const struct vcpu *vcpu, uint64_t rsp)
{
	struct trap_frame frame;
	const uint64_t offset = rsp - host->start.base;
	const uint64_t top = vm_frame(host, (uint32_t)(vcpu - machine.vcpus), &frame) + sizeof frame;
	const uint64_t own_end = top - VM_MAP_STACK_PAGES * PAGE - VM_MAP_STACK + VM_MAP_SYSTEM_PAGE + PAGE;
	if (is_simulated(host) || offset < BELOW || offset > host->start.size || top - offset <= VM_MAP_STACK_PAGES * PAGE ||
	    own_end - offset < PAGE)
		return;
	state.watched = offset;
	memcpy(state.below, host->base + offset - BELOW, BELOW);
}

static bool is_changed(const struct keep_host *host)
{
	return state.watched != 0 && memcmp(state.below, host->base + state.watched - BELOW, BELOW) != 0;
}

/* RIP is behind the HLT, and what stood there has not been done. */
bool inject_exit(struct keep_host *host, const struct vcpu *vcpu, bool *handled)
{
	struct kvm_regs regs;
	if (is_changed(host))
		return end_killed(host, CAUSE_BACKEND, "%s", "an exception was delivered below the interrupted RSP");
	*handled = state.planted && state.lie != NULL && vcpu->run->exit_reason == KVM_EXIT_HLT;
	if (!*handled)
		return true;
	host->base[state.lie->at] = state.original;
	if (ioctl(vcpu->fd, KVM_GET_REGS, &regs) != 0)
		return failed(host, "KVM_GET_REGS");
	watch(host, vcpu, regs.rsp);
	regs.rip = host->start.base + state.lie->at;
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs) != 0)
		return failed(host, "KVM_SET_REGS");
	return inject(host, vcpu);
}

#endif
