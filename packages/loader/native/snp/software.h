/* SPDX-License-Identifier: Apache-2.0 */
/* KVM's part of a launch in software, over the firmware's: what Linux 6.12 does with each ioctl, arch/x86/kvm/svm/sev.c. */
#ifndef MOTTE_SNP_SOFTWARE_H
#define MOTTE_SNP_SOFTWARE_H

#include "calls.h"
#include "firmware.h"

struct software {
	struct snp_calls calls;	/* first: its address is that of all */
	struct firmware firmware;
	uint8_t *memory;	/* the guest's own, of [firmware.base, + firmware.pages) */
	const uint8_t *vmsas;	/* of each vCPU, as KVM makes it of the state */
	uint32_t vcpu_count;
	uint32_t pages_most;	/* that one SNP_LAUNCH_UPDATE does; 0: no limit */
	bool initialised;
};

/* False if there is no memory for the table of pages. `cpuid`: of the CPU. */
bool software_start(struct software *software, uint64_t base, uint64_t pages, struct cpuid_truth cpuid);

#endif
