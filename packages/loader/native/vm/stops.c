/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A debugger's stops of a VM-based Keep (docs/adr/0030-gdb-in-vms.md). A thread stands still before KVM_RUN, where the program's registers are
 * either the vCPU's, since it was interrupted in ring 3, or in the frame on the shim's stack, since it is in a host call. Anywhere else
 * it is run on: the shim has them in its hands.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include "vm.h"

#define INT3 0xcc
#define VECTOR_DB 1
#define VECTOR_BP 3
#define VECTOR_PF 14
#define MSR_KERNEL_GS_BASE 0xc0000102
#define ADDRESS_BITS 47

/* What ring 3 always has in RFLAGS: IF, and the bit that is fixed. */
#define RFLAGS_RING3 0x202ull

static bool runs_program(const struct keep_host *host, const struct kvm_sregs *sregs)
{
	return (sregs->cs.selector & 3) == 3 && sregs->cr3 == vmsa_at(host, 0)->cr3;
}

/* An exception that KVM has yet to deliver belongs to the instruction that it is for. */
static bool is_pending(const struct vcpu *vcpu)
{
	struct kvm_vcpu_events events;
	return ioctl(vcpu->fd, KVM_GET_VCPU_EVENTS, &events) != 0 || events.exception.injected || events.exception.pending;
}

/* KVM_RUN was interrupted: can the vCPU stand still there? */
bool vm_stands(struct keep_thread *thread, struct vcpu *vcpu)
{
	struct kvm_sregs sregs;
	if (!thread->host->debugged)
		return true;
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) != 0 || !runs_program(thread->host, &sregs) || is_pending(vcpu))
		return false;
	stops_left(thread);
	return true;
}

static uint8_t byte_at(const struct keep_host *host, uint64_t address)
{
	uint8_t byte = 0;
	return vm_read(host, &byte, address, 1) == 1 ? byte : 0;
}

/* Whether the exception that the shim tells of is the debugger's; RIP is then the INT3's own, which is what gdb wants. */
bool vm_stops_take(struct keep_thread *thread, uint64_t vector)
{
	struct trap_frame frame;
	if (!thread->host->debugged || vm_frame(thread->host, (uint32_t)thread->enters, &frame) == 0)
		return false;
	if (vector != VECTOR_DB && byte_at(thread->host, frame.rip - (vector == VECTOR_BP)) != INT3)
		return false;
	frame.rip -= vector == VECTOR_BP;
	/* The step is over, by whatever ended it. */
	frame.rflags &= ~(thread->cpu->single ? (uint64_t)RFLAGS_TF : 0);
	if (!vm_frame_write(thread->host, (uint32_t)thread->enters, &frame))
		return false;
	stops_note(thread, vector == VECTOR_DB ? STOP_WHY_STEP : STOP_WHY_BREAKPOINT, 0);
	return true;
}

/* ---- on the control thread, while the vCPU's thread stands still ---- */

/* struct gprsgx, struct trap_frame and struct kvm_regs have the same names for them. */
#define COPY_REGISTERS(to, from)                                                                                          \
	((to)->rax = (from)->rax, (to)->rcx = (from)->rcx, (to)->rdx = (from)->rdx, (to)->rbx = (from)->rbx,              \
	 (to)->rsp = (from)->rsp, (to)->rbp = (from)->rbp, (to)->rsi = (from)->rsi, (to)->rdi = (from)->rdi,              \
	 (to)->r8 = (from)->r8, (to)->r9 = (from)->r9, (to)->r10 = (from)->r10, (to)->r11 = (from)->r11,                  \
	 (to)->r12 = (from)->r12, (to)->r13 = (from)->r13, (to)->r14 = (from)->r14, (to)->r15 = (from)->r15,              \
	 (to)->rflags = (from)->rflags, (to)->rip = (from)->rip)

/* While the shim runs, the program's GS base is the other one. */
static bool other_gs(const struct vcpu *vcpu, uint64_t *base, unsigned long request)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msrs = {.head.nmsrs = 1, .entry = {.index = MSR_KERNEL_GS_BASE, .data = *base}};
	const bool done = ioctl(vcpu->fd, request, &msrs) == 1;
	*base = msrs.entry.data;
	return done;
}

/* Where the program's registers are, and they; REGISTERS_IN_NONE where it has none yet. */
static uint32_t get(const struct keep_host *host, uint32_t index, struct kvm_sregs *sregs, struct gprsgx *gprs)
{
	const struct vcpu *vcpu = &machine.vcpus[host->threads[index].enters];
	struct trap_frame frame;
	struct kvm_regs regs;
	uint64_t gs = 0;
	*gprs = (struct gprsgx){0};
	if (ioctl(vcpu->fd, KVM_GET_SREGS, sregs) != 0)
		return REGISTERS_IN_NONE;
	if (runs_program(host, sregs)) {
		if (ioctl(vcpu->fd, KVM_GET_REGS, &regs) != 0)
			return REGISTERS_IN_NONE;
		COPY_REGISTERS(gprs, &regs);
		gprs->fsbase = sregs->fs.base;
		gprs->gsbase = sregs->gs.base;
		return REGISTERS_IN_VCPU;
	}
	/* Nothing of a frame is there before the program began. */
	if (vm_frame(host, (uint32_t)host->threads[index].enters, &frame) == 0 || frame.cs == 0 || !other_gs(vcpu, &gs, KVM_GET_MSRS))
		return REGISTERS_IN_NONE;
	COPY_REGISTERS(gprs, &frame);
	gprs->fsbase = sregs->fs.base;
	gprs->gsbase = gs;
	return frame.vector == VECTOR_SYSCALL ? REGISTERS_IN_CALL : REGISTERS_IN_FRAME;
}

static bool put_frame(const struct keep_host *host, uint32_t index, const struct gprsgx *gprs)
{
	const struct keep_thread *thread = &host->threads[index];
	uint64_t gs = gprs->gsbase;
	struct trap_frame frame;
	if (vm_frame(host, (uint32_t)thread->enters, &frame) == 0)
		return false;
	COPY_REGISTERS(&frame, gprs);
	return other_gs(&machine.vcpus[thread->enters], &gs, KVM_SET_MSRS) && vm_frame_write(host, (uint32_t)thread->enters, &frame);
}

static bool put(const struct keep_host *host, uint32_t index, uint32_t where, struct kvm_sregs *sregs, const struct gprsgx *wanted)
{
	const struct vcpu *vcpu = &machine.vcpus[host->threads[index].enters];
	struct gprsgx gprs = *wanted;
	struct kvm_regs regs;
	if (gprs.rip >> ADDRESS_BITS != 0 || !canonical(gprs.fsbase) || !canonical(gprs.gsbase))
		return false;
	gprs.rflags = (gprs.rflags & RFLAGS_USER) | RFLAGS_RING3;
	sregs->fs.base = gprs.fsbase;
	if (!vm_exec_fs_write(host, (uint32_t)host->threads[index].enters, gprs.fsbase))
		return false;
	if (where == REGISTERS_IN_FRAME)
		return ioctl(vcpu->fd, KVM_SET_SREGS, sregs) == 0 && put_frame(host, index, &gprs);
	sregs->gs.base = gprs.gsbase;
	COPY_REGISTERS(&regs, &gprs);
	return ioctl(vcpu->fd, KVM_SET_SREGS, sregs) == 0 && ioctl(vcpu->fd, KVM_SET_REGS, &regs) == 0;
}

static bool is_settable(uint32_t where)
{
	return where == REGISTERS_IN_VCPU || where == REGISTERS_IN_FRAME;
}

/* TF, which one instruction later is #DB. What gdb steps is never in a call. */
void vm_single(struct keep_host *host, uint32_t index, bool step)
{
	struct cpu *cpu = host->threads[index].cpu;
	struct kvm_sregs sregs;
	struct gprsgx gprs;
	if (cpu->single == step)
		return;
	const uint32_t where = get(host, index, &sregs, &gprs);
	gprs.rflags = step ? gprs.rflags | RFLAGS_TF : gprs.rflags & ~(uint64_t)RFLAGS_TF;
	cpu->single = step && is_settable(where) && put(host, index, where, &sregs, &gprs);
}

uint32_t vm_state_get(const struct keep_host *host, uint32_t index, struct debug_state *state)
{
	struct kvm_sregs sregs;
	_Static_assert(sizeof state->xsave == sizeof(struct kvm_xsave), "what KVM_GET_XSAVE writes");
	const uint32_t where = get(host, index, &sregs, &state->gprs);
	if (where != REGISTERS_IN_NONE && ioctl(machine.vcpus[host->threads[index].enters].fd, KVM_GET_XSAVE, state->xsave) != 0)
		return REGISTERS_IN_NONE;
	return where;
}

bool vm_state_put(const struct keep_host *host, uint32_t index, const struct debug_state *state)
{
	struct kvm_sregs sregs;
	struct gprsgx now;
	const uint32_t where = get(host, index, &sregs, &now);
	return is_settable(where) && ioctl(machine.vcpus[host->threads[index].enters].fd, KVM_SET_XSAVE, state->xsave) == 0 &&
	       put(host, index, where, &sregs, &state->gprs);
}
