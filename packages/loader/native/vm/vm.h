/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Keep in a virtual machine of its own (docs/vm-keep.md), by /dev/kvm: Linux 5.11's interface, whose structures are those of
 * <linux/kvm.h>. There is no device, no interrupt controller and no firmware: memory, vCPUs, and one port to leave by.
 */
#ifndef MOTTE_VM_H
#define MOTTE_VM_H

#include <linux/kvm.h>
#include "helper.h"
#include "software.h"
#include "vm_map.h"
#include "trap_frame.h"
#include "vmsa.h"

#define CR4_OSXSAVE (1u << 18)
/* What KVM adds of itself: a plan for SEV-SNP has them, as they are measured. */
#define CR4_MCE (1ull << 6)
#define EFER_SVME (1ull << 12)
#define CPUID_MOST 256	/* entries of KVM_GET_SUPPORTED_CPUID */
#define C_BIT 51	/* of guest physical addresses under SEV-SNP */
#define SLOTS_KEPT 64	/* memory slots that are remembered */
/* Of KVM_CAP_EXIT_HYPERCALL: the guest's changes of page states come to user space. */
#define HYPERCALL_MAP_GPA_RANGE 12

/* A vCPU. It is run by the thread of its index, but for a hostile host. */
struct vcpu {
	int fd;
	struct kvm_run *run;	/* shared with the kernel */
	uint32_t kicked;	/* SHOOTDOWN is to be injected */
	bool between;		/* debugger: it left where it cannot stand still */
	uint64_t ghcb_msr;	/* simulated SNP */
	uint64_t entries;
	uint64_t exits[EXIT_REASONS];
};

struct machine {
	int fd;			/* of the VM; -1: the Keep is in none */
	uint32_t run_size;	/* of struct kvm_run and what follows it */
	uint32_t slots;		/* memory slots so far; the next one's number */
	struct kvm_userspace_memory_region kept[SLOTS_KEPT];
	struct vcpu *vcpus;
	struct kvm_cpuid2 *cpuid; /* what the vCPUs are told, but for their numbers */
	uint64_t cr4_missing;	/* bits of the plan's CR4 that this machine does not have */
	uint32_t ioctls;	/* so far, but for KVM_RUN and what exits ask for */
};
extern struct machine machine;

/* What it takes to make a VM can be told by their number, on a machine as fast or as slow as it may be. */
#define vm_ioctl(fd, request, argument) \
	(__atomic_fetch_add(&machine.ioctls, 1, __ATOMIC_RELAXED), ioctl((fd), (request), (argument)))

/* Of an SEV-SNP guest. */
struct snp {
	struct snp_calls *calls;	/* of its launch: KVM's or the software's */
	struct software software;	/* simulated */
	int guest_memfd;		/* hardware: what the guest alone has */
	uint8_t *shared;		/* a GHCB page a vCPU, and two for guest requests */
	uint64_t shared_size;
	struct snp_outcome outcome;
};
extern struct snp snp;

/* machine.c: the VM and its memory; false with `ending` filled in, or -errno. */
bool vm_create(struct keep_host *host);
long vm_add_memory(uint64_t gpa, uint64_t length, const void *at);
long vm_add_pages(struct keep_host *host, uint64_t offset, uint64_t length);
long vm_cut(uint64_t gpa);

/* snp.c: what a launched VM has besides, and its launch; false with `ending` filled in. */
bool snp_check_machine(struct keep_host *host);
unsigned long snp_vm_type(const struct keep_host *host);
bool snp_open(struct keep_host *host);
long snp_add_pages(struct keep_host *host, uint64_t offset, uint64_t length);
bool snp_start(struct keep_host *host);
bool snp_map_range(struct keep_host *host, uint64_t gpa, uint64_t length, bool private);

/* snp_exit.c: exits that an SNP guest alone makes; false when the Keep has ended. */
bool snp_exit(struct keep_thread *thread, struct vcpu *vcpu, bool *handled);
void snp_memory_fault(struct keep_host *host, uint64_t gpa, bool private);
void snp_terminated(struct keep_host *host, const struct vcpu *vcpu, uint64_t ghcb_msr);

/* cpuid_page.c: rows of the CPUID page from what the vCPUs are told. */
uint32_t cpuid_rows(struct cpuid_row *rows, bool within_policy, uint64_t xcr0);
void cpuid_page_write(uint8_t *page, uint64_t xcr0);

/* simulated.c, ghcb.c, vc.c: SEV-SNP without the CPU for it. */
bool simulated_open(struct keep_host *host);
void simulated_protect(struct keep_host *host, uint64_t offset, uint64_t length);
bool simulated_exit(struct keep_thread *thread, struct vcpu *vcpu, bool *handled);
bool simulated_fault(struct keep_thread *thread, struct vcpu *vcpu);
bool simulated_vmgexit(struct keep_thread *thread, struct vcpu *vcpu);
void *simulated_guest(struct keep_host *host, const struct vcpu *vcpu, uint64_t address);
bool vc_deliver(struct keep_host *host, struct vcpu *vcpu, uint32_t error);

/* cpuid.c: what the vCPUs are told of the machine. */
bool vm_cpuid_read(struct keep_host *host);
bool vm_cr4_check(struct keep_host *host, uint64_t cr4);
bool vm_cpuid_set(const struct vcpu *vcpu, uint32_t index);
const struct kvm_cpuid_entry2 *vm_cpuid_entry(uint32_t leaf, uint32_t subleaf);
bool vm_cpuid_snp(struct keep_host *host);

/* vcpu.c: one vCPU in its first state; false with `ending` filled in. */
bool vcpu_make(struct keep_host *host, uint32_t index);

/* XCR0 of this process, and so of ring 3 on a KVM in software. 0 without XSAVE. */
uint64_t vm_own_xcr0(void);

/* clock.c: what the shim is told of the clocks, from now on. */
void vm_clock_start(const struct keep_host *host);

/* switchless.c: a host call for which the vCPU has left, unless it is answered already; false when the Keep has ended. */
bool switchless_serve(struct keep_thread *thread);

/* run.c: what the block asks for; only what is prompt on another thread than its own. False when the Keep has ended. */
bool vm_serve(struct keep_thread *thread, bool prompt_alone);

/* run.c: how the vCPU has left. */
bool vm_left(struct keep_thread *thread, struct vcpu *vcpu, uint32_t why);

/* stops.c: whether a vCPU that was interrupted can stand still for a debugger. */
bool vm_stands(struct keep_thread *thread, struct vcpu *vcpu);

/* read.c: registers that the program has left in its vCPU's stack. */
uint64_t vm_frame(const struct keep_host *host, uint32_t index, struct trap_frame *frame);
bool vm_exec_fs_write(const struct keep_host *host, uint32_t index, uint64_t base);
bool vm_frame_write(const struct keep_host *host, uint32_t index, struct trap_frame *frame);
bool vm_fault_frame(const struct keep_host *host, uint32_t index, uint64_t rsp, struct trap_frame *frame);

/* ring0.c: the shim's refusal, with what led to it where that may be told. */
void vm_refused(struct keep_host *host, const struct vcpu *vcpu, uint32_t reason, uint64_t offset);

/* trap.c: an exit that is the end. */
void vm_trapped(struct keep_host *host, const struct vcpu *vcpu);
void vm_run_failed(struct keep_host *host, const struct vcpu *vcpu, int error);

#ifdef MOTTE_HOSTILE
/* inject.c: events that the guest did not bring about; false when the Keep has ended. */
bool inject_before(struct keep_host *host, const struct vcpu *vcpu);
bool inject_exit(struct keep_host *host, const struct vcpu *vcpu, bool *handled);
#endif

static inline const struct vmsa *vmsa_at(const struct keep_host *host, uint32_t index)
{
	return (const struct vmsa *)(host->vmsa + (uint64_t)index * PAGE);
}

#endif
