/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An SEV-SNP guest without one: the Keep's pages, made-up registers, and a host that does what standard input says. What the shim
 * asks of the host and of PVALIDATE is printed, a line each.
 */
#ifndef MOTTE_VM_SNP_WORLD_H
#define MOTTE_VM_SNP_WORLD_H

#include <stdint.h>
#include "../../include/vm_keep.h"
#include "../../include/snp.h"

/* Offsets in the image that begins at shim_start. */
#define WORLD_INFO 0x2000
#define WORLD_SECRETS 0x3000
#define WORLD_CPUID 0x4000
#define WORLD_VCPUS 0x10000
#define WORLD_CODE 0x30000
#define WORLD_SIZE 0x40000
#define WORLD_VCPU_COUNT 2

/* What standard input begins with; the host's answers follow. */
struct world_start {
	uint64_t sev_status, cr0, cr4, efer;
	uint64_t mode, encrypted, xcr0, host;
	uint64_t validated[8]; /* what PVALIDATE says, one after the other; the last one stays */
	uint64_t code_length;
	uint8_t code[64];      /* at WORLD_CODE: what ring 3 may execute */
	uint8_t secrets[4096];
	uint8_t cpuid[4096];
};

/* What the host does at a VMGEXIT: the MSR's new value if it is not 0, and up to `writes` of what it writes. */
struct world_answer {
	uint64_t msr;
	uint64_t writes;
};
struct world_write {
	uint64_t address;
	uint64_t length;
	uint8_t bytes[2048];
};

extern struct world_start world;

/* Reads standard input, makes the pages, and lets this thread be vCPU 0. */
void world_begin(void);

void print_bytes(const char *name, const void *bytes, unsigned length);

#endif
