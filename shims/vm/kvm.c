/* SPDX-License-Identifier: Apache-2.0 */
#include "include/kvm.h"
#include "include/pvm.h"
#include "../core/generated/snp.h"
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
void kvm_check_mode(void)
{
	if (cpuid(LEAF_EXTENDED).eax < LEAF_SEV || !(cpuid(LEAF_SEV).eax & LEAF_SEV_EAX_SEV))
		return;
	if (read_msr(SEV_MSR_SEV_STATUS) != 0)
		keep_refuse(REASON_MODE);
}

/* On a KVM in software ring 0 has looked (pvm_prepare): CPUID in ring 3 may be of the machine that it runs on. */
void kvm_check(void)
{
	if (!pvm_host)
		kvm_check_mode();
}

uint32_t kvm_hwcap(void)
{
	return cpuid(1).edx;
}
