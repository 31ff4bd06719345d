/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSG_REPORT_REQ: an attestation report of version 3, signed as a chip's is, by a key that everybody can compute. Its chip id says
 * so; a verifier that pins AMD's roots refuses it (SECURITY.md, rule 21). AMD 56860 rev 1.58, ATTESTATION_REPORT.
 */
#include <bearssl_ec.h>
#include <bearssl_hash.h>
#include <string.h>
#include "emulated_chip.h"
#include "firmware.h"

#define REPORT_SIZE 0x4a0
#define SIGNED_SIZE 0x2a0
#define NUMBER_SIZE 72
#define VMPL_MOST 3
#define ALGORITHM_P384 1u
#define FLAG_AUTHOR 1u

/* The fields of `rest`, by their offsets in the report. */
enum {
	AT_ID_KEY_DIGEST = 0x0e0,
	AT_AUTHOR_KEY_DIGEST = 0x110,
	AT_REPORT_ID = 0x140,
	AT_REPORT_ID_MA = 0x160,
	AT_REPORTED_TCB = 0x180,
	AT_FAMILY = 0x188,
	AT_CHIP_ID = 0x1a0,
	AT_COMMITTED_TCB = 0x1e0,
	AT_VERSIONS = 0x1e8,
	AT_LAUNCH_TCB = 0x1f0,
	AT_R = SIGNED_SIZE,
	AT_S = SIGNED_SIZE + NUMBER_SIZE
};

static void turn(const uint8_t *from, uint8_t *to)
{
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		to[i] = from[DIGEST_SIZE - 1 - i];
}

static void sign(uint8_t *report)
{
	uint8_t secret[DIGEST_SIZE], hash[DIGEST_SIZE], pair[2 * DIGEST_SIZE];
	sha384(EMULATED_CHIP_SEED, sizeof EMULATED_CHIP_SEED - 1, secret);
	const br_ec_private_key key = {.curve = BR_EC_secp384r1, .x = secret, .xlen = sizeof secret};
	sha384(report, SIGNED_SIZE, hash);
	if (br_ecdsa_i31_sign_raw(&br_ec_prime_i31, &br_sha384_vtable, hash, &key, pair) != sizeof pair)
		return;
	turn(pair, report + AT_R);
	turn(pair + DIGEST_SIZE, report + AT_S);
}

static void fill(const struct firmware *firmware, const struct report_request *request, uint8_t *bytes)
{
	static const uint8_t chip[] = EMULATED_CHIP_ID;
	static const uint64_t tcb = EMULATED_CHIP_TCB;
	struct snp_report *report = (struct snp_report *)bytes;
	*report = (struct snp_report){.version = 3,
				      .guest_svn = firmware->guest_svn,
				      .policy = firmware->policy,
				      .vmpl = request->vmpl,
				      .signature_algorithm = ALGORITHM_P384,
				      .current_tcb = tcb,
				      .flags = firmware->author ? FLAG_AUTHOR : 0};
	memcpy(report->family_id, firmware->family_id, sizeof report->family_id);
	memcpy(report->image_id, firmware->image_id, sizeof report->image_id);
	memcpy(report->report_data, request->report_data, sizeof report->report_data);
	memcpy(report->measurement, firmware->digest, sizeof report->measurement);
	memcpy(report->host_data, firmware->host_data, sizeof report->host_data);
	memcpy(bytes + AT_ID_KEY_DIGEST, firmware->id_key_digest, DIGEST_SIZE);
	memcpy(bytes + AT_AUTHOR_KEY_DIGEST, firmware->author_key_digest, DIGEST_SIZE);
	memcpy(bytes + AT_REPORT_ID, firmware->report_id, sizeof firmware->report_id);
	memset(bytes + AT_REPORT_ID_MA, 0xff, sizeof firmware->report_id); /* no migration agent */
	memcpy(bytes + AT_REPORTED_TCB, &tcb, sizeof tcb);
	memcpy(bytes + AT_FAMILY, (const uint8_t[])EMULATED_CHIP_FAMILY, 3);
	memcpy(bytes + AT_CHIP_ID, chip, sizeof chip - 1);
	memcpy(bytes + AT_COMMITTED_TCB, &tcb, sizeof tcb);
	memcpy(bytes + AT_VERSIONS, (const uint8_t[]){0, 58, 1, 0, 0, 58, 1}, 7);
	memcpy(bytes + AT_LAUNCH_TCB, &tcb, sizeof tcb);
	sign(bytes);
}

size_t firmware_report(const struct firmware *firmware, uint32_t vmpck, const uint8_t *body, size_t size, uint8_t *out)
{
	const struct report_request *request = (const struct report_request *)body;
	struct report_answer *answer = (struct report_answer *)out;
	_Static_assert(sizeof answer->report == REPORT_SIZE, "report");
	if (size != sizeof *request)
		return 0;
	*answer = (struct report_answer){.status = FIRMWARE_SUCCESS, .size = REPORT_SIZE};
	/* A key of a lower level asks for no report of a higher one. */
	if (request->vmpl > VMPL_MOST || request->vmpl < vmpck || request->key_select > 1) {
		*answer = (struct report_answer){.status = FIRMWARE_INVALID_PARAM};
		return sizeof *answer;
	}
	fill(firmware, request, answer->report);
	return sizeof *answer;
}
