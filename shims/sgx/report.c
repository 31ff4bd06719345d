/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the CPU says of this Keep. SIGSTRUCT fixes all of this; the check is for a signer who left mask bits open
 * (SECURITY.md, rule 5).
 */
#include "include/sgx_keep.h"
#include "../core/include/boot.h"
#include "../core/include/bytes.h"
#include "../core/include/platform.h"

static uint8_t configid[64];

static void check(const struct report *report)
{
	const struct keep_info *info = keep_info();
	const uint64_t must = ATTR_INIT | ATTR_MODE64BIT | ATTR_KSS;
	uint32_t misc = info->flags & KEEP_INFO_SGX2 ? MISCSELECT_EXINFO : 0;

	/* DEBUG may be there: it is in what a verifier sees. The key bits, CET and AEX-Notify may not. */
	if ((report->attributes & ~(uint64_t)ATTR_DEBUG) != must)
		keep_refuse(REASON_ATTRIBUTES);
	if (report->xfrm != info->xfrm || report->miscselect != misc)
		keep_refuse(REASON_ATTRIBUTES);
}

void report_check(void)
{
	/* A target of all zeros: no enclave will verify this report, and EREPORT to oneself needs no more. */
	_Alignas(512) struct targetinfo target;
	_Alignas(512) struct report report;
	_Alignas(128) uint8_t data[64];

	memset(&target, 0, sizeof(target));
	memset(&report, 0, sizeof(report));
	memset(data, 0, sizeof(data));
	sgx_enclu(ENCLU_EREPORT, (uint64_t)&target, (uint64_t)data, (uint64_t)&report);
	check(&report);
	memcpy(configid, report.configid, sizeof(configid));
}

bool platform_config_is(const uint8_t digest[static 32])
{
	static const uint8_t zeros[32];

	return memcmp(configid, digest, 32) == 0 && memcmp(configid + 32, zeros, 32) == 0;
}
