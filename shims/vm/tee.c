/* SPDX-License-Identifier: Apache-2.0 */
#include "include/tee.h"
#include "include/ghcb.h"
#include "include/kvm.h"
#include "include/snp.h"
#include "../core/include/bytes.h"
#include "../core/include/platform.h"

/* The one of the Keep's firmware, by VMPCK 0. */
static struct snp_channel channel;

bool tee_is_known(const struct vm_info *info)
{
	uint64_t end;

	switch (info->mode) {
	case VM_MODE_KVM:
		return info->encrypted == 0 && info->shim_table != 0;
	case VM_MODE_SNP: /* one bit, above all guest pages */
		return info->shim_table == 0 && !__builtin_add_overflow(info->pages_end, VM_MAP_BASE, &end) &&
		       info->encrypted >= end && (info->encrypted & (info->encrypted - 1)) == 0;
	}
	return false;
}

void tee_check(void)
{
	switch (vm_info()->mode) {
	case VM_MODE_KVM:
		kvm_check();
		return;
	case VM_MODE_SNP:
		snp_check();
		return;
	}
}

void tee_start(struct vcpu *vcpu)
{
	switch (vm_info()->mode) {
	case VM_MODE_KVM:
		return;
	case VM_MODE_SNP:
		ghcb_start(vcpu);
		return;
	}
}

void tee_boot(void)
{
	switch (vm_info()->mode) {
	case VM_MODE_KVM:
		return;
	case VM_MODE_SNP:
		snp_cpuid_check();
		snp_secrets_take(&channel);
		return;
	}
}

void tee_own(uint64_t offset, uint64_t length)
{
	switch (vm_info()->mode) {
	case VM_MODE_KVM:
		return;
	case VM_MODE_SNP:
		snp_own(keep_base() + offset, length);
		return;
	}
}

void tee_validate(uint64_t address)
{
	switch (vm_info()->mode) {
	case VM_MODE_KVM:
		return;
	case VM_MODE_SNP:
		snp_validate(address);
		return;
	}
}

bool tee_exception(struct trap_frame *frame)
{
	switch (vm_info()->mode) {
	case VM_MODE_KVM:
		keep_refuse(REASON_EXCEPTION); /* no CPU has it there */
	case VM_MODE_SNP:
		return snp_exception(frame);
	}
	return false;
}

bool tee_is_plausible(const struct trap_frame *frame)
{
	switch (vm_info()->mode) {
	case VM_MODE_KVM:
		return true; /* that host needs no exception to change what the exec does */
	case VM_MODE_SNP:
		return snp_is_plausible(frame);
	}
	return false;
}

/* Not seen by ring 3 any more, and told the host only when the guest itself has let go of it. */
void tee_disown(uint64_t offset, uint64_t seen_at)
{
	switch (vm_info()->mode) {
	case VM_MODE_KVM:
		return;
	case VM_MODE_SNP:
		snp_invalidate(seen_at);
		snp_disown(keep_base() + offset, VM_MAP_REGION_ALIGN);
		return;
	}
}

uint32_t tee_hwcap(void)
{
	switch (vm_info()->mode) {
	case VM_MODE_KVM:
		return kvm_hwcap();
	case VM_MODE_SNP:
		return snp_cpuid(1, 0).word[3];
	}
	return 0;
}

bool tee_config_is(const uint8_t digest[static 32])
{
	static const uint8_t nothing[64];
	struct snp_report report;

	switch (vm_info()->mode) {
	case VM_MODE_KVM:
		return memcmp(vm_info()->config, digest, 32) == 0;
	case VM_MODE_SNP:
		snp_report(&channel, nothing, &report);
		return memcmp(report.host_data, digest, sizeof(report.host_data)) == 0;
	}
	return false;
}

void tee_out_protected(uint32_t why)
{
	ghcb_out(vcpu_self(), why);
}

void tee_leave(uint32_t why, uint64_t rsi, uint64_t rdx)
{
	if (vm_info()->mode == VM_MODE_SNP)
		snp_leave(why, rsi, rdx);
	vm_leave(why, rsi, rdx); /* an unknown mode's, too */
}
