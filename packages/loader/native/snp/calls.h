/* SPDX-License-Identifier: Apache-2.0 */
/* A launch of an SEV-SNP guest, and who answers its ioctls: KVM, or software in its place. */
#ifndef MOTTE_SNP_CALLS_H
#define MOTTE_SNP_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include "helper_protocol.h"
#include "snp_kvm.h"

/* The few ioctls of a virtual machine that SEV-SNP adds (SNP_IOC_). 0 or -errno. */
struct snp_calls {
	long (*ioctl)(struct snp_calls *calls, unsigned long request, void *argument);
};

/* What is launched. */
struct snp_input {
	const struct launch *launch;
	const struct launch_run *runs;
	uint8_t *memory;	/* the guest page of offset 0, as the loader filled it */
	uint64_t base;		/* its guest physical address */
	uint32_t sev_fd;
};

/* Why there is no Keep, and what was put right on the way to one. */
struct snp_outcome {
	char text[200];
	uint32_t cpuid_corrected; /* rows of the CPUID page that the firmware has changed */
};

/* launch.c: false with `outcome->text`. `snp_init` comes before there are vCPUs, the launch when all of them have their state. */
bool snp_init(struct snp_calls *calls, uint32_t sev_fd, struct snp_outcome *outcome);
bool snp_own(struct snp_calls *calls, uint64_t gpa, uint64_t length, bool private);
bool snp_launch(struct snp_calls *calls, const struct snp_input *input, struct snp_outcome *outcome);

#endif
