/* SPDX-License-Identifier: Apache-2.0 */
/* SEV-SNP: what tee.c and the files of snp/ call. Documents: docs/vm-keep.md, "SEV-SNP: the guest's side". */
#ifndef MOTTE_VM_SNP_H
#define MOTTE_VM_SNP_H

#include <stdbool.h>
#include <stdint.h>
#include "vcpu.h"
#include "../../core/generated/snp.h"

/* ---- instructions.S ---- */
void snp_vmgexit(void);
uint64_t snp_pvalidate(uint64_t address, uint32_t large, uint32_t valid);
_Noreturn void snp_terminate(uint32_t why, uint64_t reason, uint64_t offset);

/* ---- ghcb.c ---- */
_Noreturn void snp_leave(uint32_t why, uint64_t rsi, uint64_t rdx);

/* ---- check.c: whether the CPU is what VM_INFO says; before any word of the host's ---- */
void snp_check(void);

/* ---- pages.c: guest pages that were not launched (SECURITY.md, rule 12) ---- */

/* Asks the host to make [address, address + length) the guest's own, or its own: multiples of 2 MiB, guest physical. */
void snp_own(uint64_t address, uint64_t length);
void snp_disown(uint64_t address, uint64_t length);

/*
 * Validates the 2 MiB of guest pages that are seen at `address`, or takes that back. A page is validated once, until it is
 * taken back: what is there already, or is not, ends the Keep.
 */
void snp_validate(uint64_t address);
void snp_invalidate(uint64_t address);

/* ---- cpuid.c ---- */

/* EAX, EBX, ECX, EDX. */
struct cpuid_words {
	uint32_t word[4];
};

/* Holds the CPUID page against the policy that is measured with the shim. */
void snp_cpuid_check(void);

/* What the instruction gives: the checked page, and nothing beyond the policy. */
struct cpuid_words snp_cpuid(uint32_t leaf, uint32_t subleaf);

/* ---- exception.c ---- */

/* #VC of ring 3: true when the exec goes on at frame->rip, false when it is an undefined instruction. */
bool snp_exception(struct trap_frame *frame);

/* False for another exception of ring 3 that no instruction there can have caused. */
bool snp_is_plausible(const struct trap_frame *frame);

/* ---- secrets.c, request.c, report.c, key.c: the firmware ---- */

#define SNP_KEY_SIZE 32

/* Messages to the firmware and its answers, by one key. */
struct snp_channel {
	uint8_t key[SNP_KEY_SIZE];
	uint64_t sequence; /* of the next message; 0: the key is gone, for good */
};

/* Takes the key of VMPL 0 out of the secrets page, which has none left afterwards. */
void snp_secrets_take(struct snp_channel *channel);

/* What a message is, and what answers it. */
struct snp_request {
	uint8_t type, answer_type;
	const void *body;
	uint16_t size;
	void *answer;
	uint16_t answer_size;
};

/* The firmware's answer, or the end of the Keep: a key whose message got lost cannot be used again (rule 15). */
void snp_request(struct snp_channel *channel, const struct snp_request *request);

/* A report over `data`. */
void snp_report(struct snp_channel *channel, const uint8_t data[static 64], struct snp_report *report);

/* A key of this Keep's own: mixed into it are `fields` (GUEST_FIELD_) of what the firmware knows of the guest. */
void snp_key(struct snp_channel *channel, uint64_t fields, uint64_t tcb_version, uint8_t key[static SNP_KEY_SIZE]);

/* ---- gcm.c: AES-256-GCM, in constant time ---- */
struct snp_sealed {
	const uint8_t *key;
	uint64_t sequence; /* the IV */
	const void *header; /* authenticated with the body */
	uint32_t header_size;
	void *body;         /* in place */
	uint32_t size;
};
#define SNP_TAG_SIZE 16
void gcm_seal(const struct snp_sealed *sealed, uint8_t tag[static SNP_TAG_SIZE]);
bool gcm_open(const struct snp_sealed *sealed, const uint8_t tag[static SNP_TAG_SIZE]);

#endif
