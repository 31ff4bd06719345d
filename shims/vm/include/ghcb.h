/* SPDX-License-Identifier: Apache-2.0 */
/* The way out under SEV-SNP: GHCB protocol version 2 (docs/vm-keep.md). What the host answers is checked here, once for all. */
#ifndef MOTTE_VM_GHCB_H
#define MOTTE_VM_GHCB_H

#include <stdint.h>
#include "vcpu.h"
#include "../../core/generated/snp.h"

/* A request by the GHCB page, and what comes back. */
struct ghcb_call {
	uint64_t code;
	uint64_t info1;
	uint64_t info2;   /* the host's, afterwards */
	uint64_t scratch;
	uint64_t rax, rcx, rdx;
	unsigned wanted;  /* GHCB_RAX, ...: registers that the host has to give */
};
#define GHCB_RAX 1u
#define GHCB_RCX 2u
#define GHCB_RDX 4u

/* Agrees with the host on the protocol, and registers this vCPU's page. Ends the Keep otherwise. */
void ghcb_start(struct vcpu *vcpu);

/* Makes a request on this vCPU. The Keep ends when the answer is none of the protocol's. */
void ghcb_call(struct vcpu *vcpu, struct ghcb_call *call);

/* OUT of `why` to the port by which a Keep leaves. */
void ghcb_out(struct vcpu *vcpu, uint32_t why);

/* Where the host sees a vCPU's GHCB, and the shim too. */
static inline uint64_t ghcb_address(uint64_t index)
{
	return VM_MAP_GHCB + index * PAGE_SIZE;
}

#endif
