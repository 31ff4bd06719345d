/* SPDX-License-Identifier: Apache-2.0 */
/* A launch, page by page: SNP_LAUNCH_START, SNP_LAUNCH_UPDATE, SNP_LAUNCH_FINISH. AMD 56860 rev 1.58. */
#include <bearssl_hash.h>
#include <string.h>
#include <sys/random.h>
#include "firmware.h"

/* POLICY: 7:0 minor and 15:8 major version that the firmware must have at least; 17 is one, 63:26 are zero. */
#define POLICY_KNOWN ((1ull << 26) - 1)
#define VERSION_MAJOR 1u
#define VERSION_MINOR 58u

void sha384(const void *bytes, size_t length, uint8_t out[static DIGEST_SIZE])
{
	br_sha384_context context;
	br_sha384_init(&context);
	br_sha384_update(&context, bytes, length);
	br_sha384_out(&context, out);
}

static bool is_good_policy(uint64_t policy)
{
	const uint32_t minor = policy & 0xff, major = policy >> 8 & 0xff;
	return (policy & POLICY_ONE) != 0 && (policy & ~POLICY_KNOWN) == 0 &&
	       (major < VERSION_MAJOR || (major == VERSION_MAJOR && minor <= VERSION_MINOR));
}

uint32_t firmware_start(struct firmware *firmware, uint64_t policy)
{
	if (firmware->state != FIRMWARE_NONE)
		return FIRMWARE_INVALID_GUEST_STATE;
	if (!is_good_policy(policy))
		return FIRMWARE_POLICY_FAILURE;
	if (getrandom(firmware->vmpck, sizeof firmware->vmpck, 0) != sizeof firmware->vmpck ||
	    getrandom(firmware->report_id, sizeof firmware->report_id, 0) != sizeof firmware->report_id)
		return FIRMWARE_HWSEV_RET_PLATFORM;
	firmware->policy = policy;
	firmware->state = FIRMWARE_LAUNCHING;
	return FIRMWARE_SUCCESS;
}

/* LD := SHA-384(PAGE_INFO), which has the LD so far in it. Contents count of two types alone. */
static void extend(struct firmware *firmware, uint8_t type, uint64_t gpa, const uint8_t *page)
{
	struct page_info info = {.length = sizeof info, .page_type = type, .gpa = gpa};
	memcpy(info.digest_cur, firmware->digest, sizeof info.digest_cur);
	if (type == SNP_PAGE_NORMAL || type == SNP_PAGE_VMSA)
		sha384(page, SNP_PAGE_SIZE, info.contents);
	sha384(&info, sizeof info, firmware->digest);
}

static void write_secrets(const struct firmware *firmware, uint8_t *page)
{
	struct secrets secrets = {.version = 3};
	memcpy(secrets.vmpck0, firmware->vmpck[0], VMPCK_SIZE);
	memcpy(secrets.vmpck1, firmware->vmpck[1], VMPCK_SIZE);
	memcpy(secrets.vmpck2, firmware->vmpck[2], VMPCK_SIZE);
	memcpy(secrets.vmpck3, firmware->vmpck[3], VMPCK_SIZE);
	memcpy(page, &secrets, sizeof secrets);
}

/* `page`: what the host hands over, which becomes the guest's. A CPUID page that is refused is corrected. */
uint32_t firmware_update(struct firmware *firmware, uint8_t type, uint64_t gpa, uint8_t *page)
{
	if (firmware->state != FIRMWARE_LAUNCHING)
		return FIRMWARE_INVALID_GUEST_STATE;
	if (type < SNP_PAGE_NORMAL || type > SNP_PAGE_CPUID)
		return FIRMWARE_INVALID_PARAM;
	if (gpa % SNP_PAGE_SIZE != 0 || (type == SNP_PAGE_VMSA ? gpa != VMSA_GPA : !rmp_covers(firmware, gpa, 1)))
		return FIRMWARE_INVALID_ADDRESS;
	if (type == SNP_PAGE_VMSA) {
		if (!firmware_vmsa_is_good(page))
			return FIRMWARE_INVALID_PARAM;
		extend(firmware, type, gpa, page);
		return FIRMWARE_SUCCESS;
	}
	/* Of the guest, and not launched yet. */
	if (*rmp_entry(firmware, gpa) != RMP_PRIVATE)
		return FIRMWARE_INVALID_PAGE_STATE;
	if (type == SNP_PAGE_CPUID && !firmware_cpuid_correct(&firmware->cpuid, page))
		return FIRMWARE_INVALID_PARAM;
	if (type == SNP_PAGE_ZERO)
		memset(page, 0, SNP_PAGE_SIZE);
	if (type == SNP_PAGE_SECRETS)
		write_secrets(firmware, page);
	*rmp_entry(firmware, gpa) = RMP_VALID;
	extend(firmware, type, gpa, page);
	return FIRMWARE_SUCCESS;
}

uint32_t firmware_finish(struct firmware *firmware, const struct snp_launch_finish *finish)
{
	if (firmware->state != FIRMWARE_LAUNCHING)
		return FIRMWARE_INVALID_GUEST_STATE;
	const uint32_t status = finish->id_block_en != 0 ? firmware_id(firmware, finish) : FIRMWARE_SUCCESS;
	if (status != FIRMWARE_SUCCESS)
		return status;
	memcpy(firmware->host_data, finish->host_data, sizeof firmware->host_data);
	firmware->state = FIRMWARE_RUNNING;
	return FIRMWARE_SUCCESS;
}
