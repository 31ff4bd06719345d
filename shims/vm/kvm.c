/* SPDX-License-Identifier: Apache-2.0 */
#include "include/kvm.h"
#include "include/vm_keep.h"
#include "../core/generated/snp.h"
#include "../core/include/copy.h"
#include "../core/include/fault.h"
#include "../core/include/platform.h"

#define LEAF_EXTENDED 0x80000000u
#define LEAF_SEV 0x8000001fu
#define LEAF_SEV_EAX_SEV 0x2u

struct words {
	uint32_t eax, ebx, ecx, edx;
};

static struct words cpuid(uint32_t leaf)
{
	struct words words;

	__asm__ volatile("cpuid" : "=a"(words.eax), "=b"(words.ebx), "=c"(words.ecx), "=d"(words.edx) : "a"(leaf), "c"(0));
	return words;
}

/* A plan for plain KVM that was launched as a guest of SEV: with SEV-ES, CPUID itself has ended it. */
void kvm_check(void)
{
	if (cpuid(LEAF_EXTENDED).eax < LEAF_SEV || !(cpuid(LEAF_SEV).eax & LEAF_SEV_EAX_SEV))
		return;
	if (read_msr(SEV_MSR_SEV_STATUS) != 0)
		keep_refuse(REASON_MODE);
}

uint32_t kvm_hwcap(void)
{
	return cpuid(1).edx;
}

static bool pvm;

void kvm_boot(void)
{
	uint64_t host;

	(void)copy_in(&host, (const void *)VM_MAP_HOST_IS, sizeof(host));
	pvm = host & HOST_PVM;
}

/*
 * There SYSCALL sets RIP, RCX and R11 and leaves ring 3's segments, so that the fetch at LSTAR faults. A program that jumps there has
 * made a system call, with what it has in RCX and R11; to an address that IRET would fault on, it has jumped.
 */
bool kvm_is_call(struct trap_frame *frame)
{
	if (!pvm || frame->vector != FAULT_PF || frame->rip != (uint64_t)trap_system_call || frame->rcx >> 47 != 0)
		return false;
	frame->rip = frame->rcx;
	frame->rflags = frame->r11;
	frame->vector = VECTOR_SYSCALL;
	return true;
}
