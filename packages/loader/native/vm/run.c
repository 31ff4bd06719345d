/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of a vCPU (docs/vm-keep.md): runs it, serves its host calls, and ends with it. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "cpu/trap.h"
#include "hostcall_host.h"
#include "vm.h"

/* By another vCPU, or by the control thread: a KVM_RUN that begins from now on returns at once. */
void vcpu_interrupt(const struct keep_host *host, uint32_t index)
{
	const struct keep_thread *thread = &host->threads[index];
	struct vcpu *vcpu = &machine.vcpus[thread->enters];
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	sys(SYS_tgkill, sys(SYS_getpid, 0, 0, 0, 0), thread->cpu->tid, SIGNAL_TICK, 0);
}

/*
 * A kick becomes an interrupt as soon as ring 3 takes one: without an interrupt controller the VM's user injects it, and asks
 * for an exit when the vCPU can take it.
 */
static void inject(struct vcpu *vcpu)
{
	const struct kvm_interrupt interrupt = {.irq = VECTOR_SHOOTDOWN};
	vcpu->run->request_interrupt_window = 0;
	if (__atomic_load_n(&vcpu->kicked, __ATOMIC_SEQ_CST) == 0)
		return;
	if (vcpu->run->ready_for_interrupt_injection && ioctl(vcpu->fd, KVM_INTERRUPT, &interrupt) == 0)
		__atomic_store_n(&vcpu->kicked, 0, __ATOMIC_SEQ_CST);
	else
		vcpu->run->request_interrupt_window = 1;
}

/* What a Keep that is over says of it: registers, or, where nobody can look at them, what it has written down before. */
static bool last_words(struct keep_host *host, const struct vcpu *vcpu, uint64_t words[2])
{
	struct kvm_regs regs;
	if (is_snp(host)) {
		memcpy(words, host->blocks + (VM_MAP_LAST_WORDS - VM_MAP_SHARED), 2 * sizeof words[0]);
		return true;
	}
	if (ioctl(vcpu->fd, KVM_GET_REGS, &regs) != 0)
		return end_killed(host, CAUSE_BACKEND, "KVM_GET_REGS: %m");
	words[0] = regs.rsi;
	words[1] = regs.r8;
	return true;
}

/* Whoever looks into a debug Keep hears of the fault that the signal was for, if it was for one. */
static void signalled(struct keep_host *host, const struct vcpu *vcpu, uint32_t signal)
{
	struct trap_frame frame;
	struct kvm_sregs sregs;
	const bool looks = (host->start.flags & START_TRACE) != 0 && (!is_snp(host) || is_simulated(host));
	const uint64_t offset = looks ? vm_frame(host, (uint32_t)(vcpu - machine.vcpus), &frame) : 0;
	if (offset != 0 && frame.vector < VECTOR_SHOOTDOWN && ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) == 0)
		end_program_fault(host, signal, (uint32_t)frame.vector, sregs.cr2, offset);
	else
		end_own(host, ENDED_SIGNALLED, signal, 0);
}

bool vm_serve(struct keep_thread *thread, bool prompt_alone)
{
	if (!serve_call(thread, prompt_alone))
		return false;
#ifdef MOTTE_HOSTILE
	hostile_after(thread->host, (struct hostcall_block *)thread->block);
#endif
	return true;
}

/* The program's registers are where a debugger finds them. */
static void stands(struct keep_thread *thread, struct vcpu *vcpu)
{
	vcpu->between = false;
	stops_left(thread);
}

/* The vCPU has left with EXIT_WHY; of nothing but the end the registers are looked at. False when the Keep has ended. */
bool vm_left(struct keep_thread *thread, struct vcpu *vcpu, uint32_t why)
{
	struct keep_host *host = thread->host;
	uint64_t words[2];
	if (why == EXIT_WHY_HOSTCALL) {
		stands(thread, vcpu);
		return switchless_serve(thread);
	}
	if (!last_words(host, vcpu, words))
		return false;
	if (why == EXIT_WHY_ENDED && (words[0] & 0x7f) == 0 && words[0] <= 0xff00)
		end_own(host, ENDED_EXITED, (uint32_t)words[0] >> 8, 0);
	else if (why == EXIT_WHY_ENDED && words[0] < 0x7f) {
		stands(thread, vcpu);
		if (stops_signal(thread, (uint32_t)words[0]))
			signalled(host, vcpu, (uint32_t)words[0]);
	}
	else if (why == EXIT_WHY_ENDED)
		end_killed(host, CAUSE_EXIT_WHY, "ENDED with wait status 0x%llx", (unsigned long long)words[0]);
	else if (why == EXIT_WHY_REFUSED)
		vm_refused(host, vcpu, (uint32_t)words[0], words[1]);
	else
		end_killed(host, CAUSE_EXIT_WHY, "EAX is %u", why);
	return false;
}

static bool is_leave(const struct kvm_run *run)
{
	return run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_OUT && run->io.port == VM_MAP_PORT &&
	       run->io.size == sizeof(uint32_t) && run->io.count == 1;
}

/* False when the Keep has ended. */
static bool handle(struct keep_thread *thread, struct vcpu *vcpu)
{
	const uint32_t reason = vcpu->run->exit_reason;
	if (reason < EXIT_REASONS)
		vcpu->exits[reason]++;
#ifdef MOTTE_HOSTILE
	bool injected = false;
	if (!inject_exit(thread->host, vcpu, &injected) || injected)
		return injected;
#endif
	if (is_leave(vcpu->run) && !is_simulated(thread->host))
		return vm_left(thread, vcpu, *(const uint32_t *)((const uint8_t *)vcpu->run + vcpu->run->io.data_offset));
	if (is_snp(thread->host)) {
		bool handled = false;
		const bool goes_on = snp_exit(thread, vcpu, &handled);
		if (handled)
			return goes_on;
	}
	if (reason == KVM_EXIT_IRQ_WINDOW_OPEN || reason == KVM_EXIT_INTR)
		return true;
	vm_trapped(thread->host, vcpu);
	return false;
}

static void run(struct keep_thread *thread)
{
	struct keep_host *host = thread->host;
	if (thread->index == 0) {
		enclave.stats.ioctls = __atomic_load_n(&machine.ioctls, __ATOMIC_RELAXED);
		__atomic_store_n(&enclave.stats.first_ns, now_ns() - host->started_ns, __ATOMIC_RELEASE);
	}
	for (;;) {
		struct vcpu *vcpu = &machine.vcpus[thread->enters];
		if (!vcpu->between && !stops_gate(thread, false))
			return;
#ifdef MOTTE_HOSTILE
		hostile_gate(thread);
#endif
		/* First this, then a look at what others want: whoever wants something does it the other way round. */
		__atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
		if (enclave.stop)
			return;
		inject(vcpu);
#ifdef MOTTE_HOSTILE
		if (!inject_before(host, vcpu))
			return;
#endif
		vcpu->entries++;
		vcpu->between = host->debugged;
		if (ioctl(vcpu->fd, KVM_RUN, 0) == 0) {
			if (thread->index == 0 && enclave.stats.left_ns == 0)
				__atomic_store_n(&enclave.stats.left_ns, now_ns() - host->started_ns, __ATOMIC_RELAXED);
			if (!handle(thread, vcpu))
				return;
		} else if (errno == EINTR || errno == EAGAIN) {
			vcpu->exits[KVM_EXIT_INTR]++;
			vcpu->between = !vm_stands(thread, vcpu);
		} else if (errno == EFAULT && is_simulated(host)) {
			if (!simulated_fault(thread, vcpu))
				return;
		} else {
			vm_run_failed(host, vcpu, errno);
			return;
		}
	}
}

void vm_run(struct keep_thread *thread)
{
	run(thread);
	stops_left(thread);
}
