/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware of SEV-SNP in software, for simulated Keeps and tests: one guest, its launch digest, its table of pages (RMP) and
 * its messages, by AMD 56860 rev 1.58. It protects nothing: its keys are known to everybody, and its chip says so.
 */
#ifndef MOTTE_SNP_FIRMWARE_H
#define MOTTE_SNP_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "snp.h"
#include "snp_kvm.h"

#define DIGEST_SIZE 48
#define SNP_PAGE_SIZE 4096ull
/* PAGE_INFO.GPA of every VMSA. */
#define VMSA_GPA 0xfffffffff000ull
/* Of POLICY: always one. */
#define POLICY_ONE (1ull << 17)
#define VMPCK_COUNT 4
#define VMPCK_SIZE 32

/* A guest page. What a host makes of it changes it; what the guest wrote is gone then. */
enum { RMP_SHARED, RMP_PRIVATE, RMP_VALID };

enum { FIRMWARE_NONE, FIRMWARE_LAUNCHING, FIRMWARE_RUNNING };

/* What CPUID says on the CPU that the firmware is of. */
struct cpuid_truth {
	const struct cpuid_row *rows;
	uint32_t count;
};

struct firmware {
	uint32_t state;
	uint64_t policy;
	uint8_t digest[DIGEST_SIZE];
	uint8_t host_data[32];
	/* of the ID block; zeros without one */
	uint8_t family_id[16], image_id[16], id_key_digest[DIGEST_SIZE], author_key_digest[DIGEST_SIZE];
	uint32_t guest_svn;
	bool author;
	uint8_t report_id[32];
	uint8_t vmpck[VMPCK_COUNT][VMPCK_SIZE];
	uint64_t sequence[VMPCK_COUNT]; /* of the last message, either way */
	struct cpuid_truth cpuid;
	/* the RMP, a byte a page of [base, base + pages) */
	uint8_t *rmp;
	uint64_t base, pages;
};

/* launch.c: each a FIRMWARE_ status */
uint32_t firmware_start(struct firmware *firmware, uint64_t policy);
uint32_t firmware_update(struct firmware *firmware, uint8_t type, uint64_t gpa, uint8_t *page);
uint32_t firmware_finish(struct firmware *firmware, const struct snp_launch_finish *finish);

/* vmsa.c, cpuid.c: whether such a page can be launched */
bool firmware_vmsa_is_good(const uint8_t *page);
bool firmware_cpuid_correct(const struct cpuid_truth *truth, uint8_t *page);

/* id.c: who vouches for the guest */
uint32_t firmware_id(struct firmware *firmware, const struct snp_launch_finish *finish);

/* message.c: SNP_GUEST_REQUEST, a page each */
uint32_t firmware_request(struct firmware *firmware, const uint8_t *request, uint8_t *answer);

/* report.c, key.c: bodies of messages */
size_t firmware_report(const struct firmware *firmware, uint32_t vmpck, const uint8_t *body, size_t size, uint8_t *out);
size_t firmware_key(const struct firmware *firmware, uint32_t vmpck, const uint8_t *body, size_t size, uint8_t *out);

/* rmp.c */
bool rmp_covers(const struct firmware *firmware, uint64_t gpa, uint64_t pages);
uint8_t *rmp_entry(struct firmware *firmware, uint64_t gpa);
uint32_t rmp_validate(struct firmware *firmware, uint64_t gpa, bool large, bool validate, bool *unchanged);

/* The hash of all of it. */
void sha384(const void *bytes, size_t length, uint8_t out[static DIGEST_SIZE]);

#endif
