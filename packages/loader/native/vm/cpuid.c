/* SPDX-License-Identifier: Apache-2.0 */
/* CPUID of the vCPUs: what this machine's KVM supports, less what a Keep has no use for; and what CR4 may be by it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "vm.h"

enum reg { EAX, EBX, ECX, EDX };

struct feature {
	uint32_t leaf, reg, bit;
};

/* Of the guest's no use: devices that this VM does not have, and virtualisation within. AMD 24594, Intel SDM: CPUID. */
static const struct feature hidden[] = {
	{0x00000001, ECX, 3},  /* MONITOR */
	{0x00000001, ECX, 5},  /* VMX */
	{0x00000001, ECX, 21}, /* x2APIC */
	{0x00000001, ECX, 24}, /* TSC deadline timer */
	{0x80000001, ECX, 2},  /* SVM */
};

/* By which feature the CPU has a bit of CR4: KVM refuses a bit whose feature its guest is not told of. */
static const struct {
	uint32_t cr4;
	struct feature feature;
	const char *name;
	bool needed;	/* no Keep runs without it */
} cr4_bits[] = {
	{1u << 5, {0x00000001, EDX, 6}, "PAE", true},
	{1u << 9, {0x00000001, EDX, 24}, "OSFXSR", true},
	{1u << 10, {0x00000001, EDX, 25}, "OSXMMEXCPT", true},
	{1u << 11, {0x00000007, ECX, 2}, "UMIP", false},
	{1u << 12, {0x00000007, ECX, 16}, "LA57", true},
	{1u << 16, {0x00000007, EBX, 0}, "FSGSBASE", false},
	{1u << 17, {0x00000001, ECX, 17}, "PCIDE", false},
	{CR4_OSXSAVE, {0x00000001, ECX, 26}, "OSXSAVE", false},
	{1u << 20, {0x00000007, EBX, 7}, "SMEP", false},
	{1u << 21, {0x00000007, EBX, 20}, "SMAP", false},
	{1u << 22, {0x00000007, ECX, 3}, "PKE", false},
};

static uint32_t *find(uint32_t leaf, uint32_t reg)
{
	for (uint32_t i = 0; i < machine.cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *entry = &machine.cpuid->entries[i];
		uint32_t *const words[] = {&entry->eax, &entry->ebx, &entry->ecx, &entry->edx};
		if (entry->function == leaf && entry->index == 0)
			return words[reg];
	}
	return NULL;
}

const struct kvm_cpuid_entry2 *vm_cpuid_entry(uint32_t leaf, uint32_t subleaf)
{
	for (uint32_t i = 0; i < machine.cpuid->nent; i++)
		if (machine.cpuid->entries[i].function == leaf && machine.cpuid->entries[i].index == subleaf)
			return &machine.cpuid->entries[i];
	return NULL;
}

static bool has(const struct feature *feature)
{
	const uint32_t *word = find(feature->leaf, feature->reg);
	return word != NULL && (*word >> feature->bit & 1) != 0;
}

static size_t cpuid_size(void)
{
	return sizeof *machine.cpuid + CPUID_MOST * sizeof machine.cpuid->entries[0];
}

/* The leaf, new if there was none. */
static struct kvm_cpuid_entry2 *entry_of(uint32_t leaf)
{
	struct kvm_cpuid_entry2 *entry = (struct kvm_cpuid_entry2 *)vm_cpuid_entry(leaf, 0);
	if (entry == NULL && machine.cpuid->nent < CPUID_MOST) {
		entry = &machine.cpuid->entries[machine.cpuid->nent++];
		*entry = (struct kvm_cpuid_entry2){.function = leaf};
	}
	return entry;
}

/* A simulated CPU: addresses reach to the C-bit, and SEV, SEV-ES and SEV-SNP are there. AMD 24594 rev 3.36, 8000_001Fh. */
bool vm_cpuid_snp(struct keep_host *host)
{
	struct kvm_cpuid_entry2 *most = entry_of(0x80000000), *sizes = entry_of(0x80000008), *sev = entry_of(0x8000001f);
	if (most == NULL || sizes == NULL || sev == NULL)
		return end_killed(host, CAUSE_BACKEND, "%s", "CPUID has too many leaves");
	if ((sizes->eax & 0xff) <= C_BIT)
		sizes->eax = (sizes->eax & ~0xffu) | (C_BIT + 1);
	if (most->eax < sev->function)
		most->eax = sev->function;
	sev->eax = 0x1a;
	sev->ebx = C_BIT;
	return true;
}

/* Into machine.cpuid. False with errno. */
static bool read_supported(void)
{
	struct kvm_cpuid2 *read = calloc(1, cpuid_size());
	if (read == NULL)
		return false;
	read->nent = CPUID_MOST;
	if (vm_ioctl(HELPER_FD_KVM, KVM_GET_SUPPORTED_CPUID, read) == 0) {
		machine.cpuid = read;
		return true;
	}
	const int error = errno;
	free(read);
	errno = error;
	return false;
}

/*
 * A third of what making a VM takes, and the same for every Keep of this machine: while the loader still fills the Keep's
 * memory. That descriptor 5 is no KVM is not known yet; then this does nothing.
 */
void vm_read_ahead(void)
{
	(void)read_supported();
}

bool vm_cpuid_read(struct keep_host *host)
{
	if (machine.cpuid == NULL && !read_supported())
		return end_killed(host, CAUSE_BACKEND, "KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
		uint32_t *word = find(hidden[i].leaf, hidden[i].reg);
		if (word != NULL)
			*word &= ~(1u << hidden[i].bit);
	}
	return !is_simulated(host) || vm_cpuid_snp(host);
}

/* Notes the bits of `cr4` that this machine lacks, which no vCPU will have; false if no Keep can do without one. */
bool vm_cr4_check(struct keep_host *host, uint64_t cr4)
{
	uint64_t known = 0;
	for (size_t i = 0; i < sizeof cr4_bits / sizeof cr4_bits[0]; i++) {
		known |= cr4_bits[i].cr4;
		if ((cr4 & cr4_bits[i].cr4) == 0 || has(&cr4_bits[i].feature))
			continue;
		if (cr4_bits[i].needed)
			return end_killed(host, CAUSE_BACKEND, "this KVM lacks CR4.%s", cr4_bits[i].name);
		machine.cr4_missing |= cr4_bits[i].cr4;
	}
	if ((cr4 & ~known) != 0)
		return end_killed(host, CAUSE_START_INVALID, "CR4 0x%llx", (unsigned long long)cr4);
	return true;
}

/* Each vCPU has its own number where CPUID tells it. 0 or -1 with errno. */
static int tell(const struct vcpu *vcpu, struct kvm_cpuid2 *own, uint32_t index)
{
	for (uint32_t i = 0; i < own->nent; i++) {
		struct kvm_cpuid_entry2 *entry = &own->entries[i];
		if (entry->function == 1)
			entry->ebx = (entry->ebx & 0x00ffffff) | index << 24;
		if (entry->function == 0xb || entry->function == 0x1f)
			entry->edx = index;
	}
	return vm_ioctl(vcpu->fd, KVM_SET_CPUID2, own);
}

bool vm_cpuid_set(const struct vcpu *vcpu, uint32_t index)
{
	struct kvm_cpuid2 *own = malloc(cpuid_size());
	if (own == NULL)
		return false;
	memcpy(own, machine.cpuid, cpuid_size());
	const int result = tell(vcpu, own, index), error = errno;
	free(own);
	errno = error;
	return result == 0;
}
