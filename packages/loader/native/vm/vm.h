/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Keep in a virtual machine of its own (docs/vm-keep.md), by /dev/kvm: Linux 5.11's interface, whose structures are those of
 * <linux/kvm.h>. There is no device, no interrupt controller and no firmware: memory, vCPUs, and one port to leave by.
 */
#ifndef MOTTE_VM_H
#define MOTTE_VM_H

#include <linux/kvm.h>
#include "helper.h"
#include "vm_map.h"
#include "vmsa.h"

#define CR4_OSXSAVE (1u << 18)
#define CPUID_MOST 256	/* entries of KVM_GET_SUPPORTED_CPUID */

/* A vCPU. It is run by the thread of its index, but for a hostile host. */
struct vcpu {
	int fd;
	struct kvm_run *run;	/* shared with the kernel */
	uint32_t kicked;	/* SHOOTDOWN is to be injected */
	uint64_t entries;
	uint64_t exits[EXIT_REASONS];
};

struct machine {
	int fd;			/* of the VM; -1: the Keep is in none */
	uint32_t run_size;	/* of struct kvm_run and what follows it */
	uint32_t slots;		/* memory slots so far; the next one's number */
	struct vcpu *vcpus;
	struct kvm_cpuid2 *cpuid; /* what the vCPUs are told, but for their numbers */
	uint64_t cr4_missing;	/* bits of the plan's CR4 that this machine does not have */
};
extern struct machine machine;

/* machine.c: the VM and its memory; false with `ending` filled in. */
bool vm_create(struct keep_host *host);
long vm_add_memory(uint64_t gpa, uint64_t length, const void *at);

/* cpuid.c: what the vCPUs are told of the machine. */
bool vm_cpuid_read(struct keep_host *host);
bool vm_cr4_check(struct keep_host *host, uint64_t cr4);
bool vm_cpuid_set(const struct vcpu *vcpu, uint32_t index);

/* vcpu.c: one vCPU in its first state; false with `ending` filled in. */
bool vcpu_make(struct keep_host *host, uint32_t index);

/* run.c: makes a vCPU's thread look at what others want of it. */
void vcpu_interrupt(const struct keep_host *host, uint32_t index);

/* trap.c: an exit that is the end. */
void vm_trapped(struct keep_host *host, const struct vcpu *vcpu);
void vm_run_failed(struct keep_host *host, const struct vcpu *vcpu, int error);

static inline const struct vmsa *vmsa_at(const struct keep_host *host, uint32_t index)
{
	return (const struct vmsa *)(host->vmsa + (uint64_t)index * PAGE);
}

#endif
