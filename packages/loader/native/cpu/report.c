/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EREPORT and EGETKEY: the real formats, with keys from an emulated root. What a key depends on is what the manual
 * lists (Intel SDM vol. 3D, Key Derivation); how the CPU folds it is not documented, here it is AES-CMAC with the root.
 */
#include <stddef.h>
#include "aes.h"
#include "cpu.h"

#define KEYPOLICY_ALL                                                                                         \
	(KEYPOLICY_MRENCLAVE | KEYPOLICY_MRSIGNER | KEYPOLICY_NOISVPRODID | KEYPOLICY_CONFIGID |              \
	 KEYPOLICY_ISVFAMILYID | KEYPOLICY_ISVEXTPRODID)
#define KEYPOLICY_OF_KSS (KEYPOLICY_NOISVPRODID | KEYPOLICY_CONFIGID | KEYPOLICY_ISVFAMILYID | KEYPOLICY_ISVEXTPRODID)

/* Everything that a key can depend on; what it does not depend on is zero. */
struct dependencies {
	uint16_t keyname, isvprodid, isvsvn, configsvn, keypolicy, reserved[3];
	uint64_t attributes, xfrm, attributes_mask, xfrm_mask;
	uint32_t miscselect, miscmask;
	uint8_t cpusvn[16], keyid[32], mrenclave[32], mrsigner[32], configid[64], isvfamilyid[16], isvextprodid[16];
};

/* This emulated CPU's SVN, and the KEYID of its reports. */
static const uint8_t cpusvn[16];
static const uint8_t report_keyid[32] = "motte emulated report key id";

static void derive(const struct dependencies *dependencies, uint8_t key[16])
{
	aes_cmac(enclave.root, dependencies, sizeof *dependencies, key);
}

/* The report key of the enclave that a TARGETINFO, or this enclave's own SECS, describes. */
static void report_key(const struct targetinfo *target, const uint8_t keyid[32], uint8_t key[16])
{
	struct dependencies with;
	clear(&with, sizeof with);
	with.keyname = KEYNAME_REPORT;
	with.configsvn = target->configsvn;
	with.attributes = target->attributes;
	with.xfrm = target->xfrm;
	with.miscselect = target->miscselect;
	copy(with.cpusvn, cpusvn, sizeof with.cpusvn);
	copy(with.keyid, keyid, sizeof with.keyid);
	copy(with.mrenclave, target->measurement, sizeof with.mrenclave);
	copy(with.configid, target->configid, sizeof with.configid);
	derive(&with, key);
}

int cpu_ereport(void)
{
	struct cpu *const cpu = cpu_self();
	const struct secs *secs = enclave.secs;
	const uint32_t both = SECINFO_R | SECINFO_W;
	const uint8_t *target = epc_operand(cpu->regs.rbx, 512, SECINFO_R, "EREPORT: TARGETINFO at 0x%llx, alignment 0x%llx");
	if (target == NULL)
		return -1;
	const uint8_t *data = epc_operand(cpu->regs.rcx, 128, SECINFO_R, "EREPORT: REPORTDATA at 0x%llx, alignment 0x%llx");
	if (data == NULL)
		return -1;
	uint8_t *output = epc_operand(cpu->regs.rdx, 512, both, "EREPORT: OUTPUTDATA at 0x%llx, alignment 0x%llx");
	if (output == NULL)
		return -1;
	struct report report;
	uint8_t key[16];
	clear(&report, sizeof report);
	copy(report.cpusvn, cpusvn, sizeof report.cpusvn);
	report.miscselect = secs->miscselect;
	report.attributes = secs->attributes;
	report.xfrm = secs->xfrm;
	copy(report.mrenclave, secs->mrenclave, sizeof report.mrenclave);
	copy(report.mrsigner, secs->mrsigner, sizeof report.mrsigner);
	report.isvprodid = secs->isvprodid;
	report.isvsvn = secs->isvsvn;
	if (secs->attributes & ATTR_KSS) {
		report.configsvn = secs->configsvn;
		copy(report.configid, secs->configid, sizeof report.configid);
		copy(report.isvfamilyid, (const uint8_t *)secs + SECS_ISVFAMILYID_OFFSET, sizeof report.isvfamilyid);
		copy(report.isvextprodid, (const uint8_t *)secs + SECS_ISVEXTPRODID_OFFSET, sizeof report.isvextprodid);
	}
	copy(report.reportdata, data, sizeof report.reportdata);
	copy(report.keyid, report_keyid, sizeof report.keyid);
	report_key((const struct targetinfo *)target, report_keyid, key);
	aes_cmac(key, &report, offsetof(struct report, keyid), report.mac);
	copy(output, &report, sizeof report);
	return 0;
}

static void own_report_key(const struct keyrequest *request, uint8_t key[16])
{
	struct targetinfo own;
	clear(&own, sizeof own);
	copy(own.measurement, enclave.secs->mrenclave, sizeof own.measurement);
	own.attributes = enclave.secs->attributes;
	own.xfrm = enclave.secs->xfrm;
	own.miscselect = enclave.secs->miscselect;
	if (enclave.secs->attributes & ATTR_KSS) {
		own.configsvn = enclave.secs->configsvn;
		copy(own.configid, enclave.secs->configid, sizeof own.configid);
	}
	report_key(&own, request->keyid, key);
}

static void seal_key(const struct keyrequest *request, uint8_t key[16])
{
	const struct secs *secs = enclave.secs;
	const uint16_t policy = request->keypolicy;
	struct dependencies with;
	clear(&with, sizeof with);
	with.keyname = KEYNAME_SEAL;
	with.keypolicy = policy;
	with.isvprodid = policy & KEYPOLICY_NOISVPRODID ? 0 : secs->isvprodid;
	with.isvsvn = request->isvsvn;
	/* INIT and DEBUG always count (the manual's TMP_ATTRIBUTES). */
	with.attributes_mask = request->attributes_mask | ATTR_INIT | ATTR_DEBUG;
	with.xfrm_mask = request->xfrm_mask;
	with.attributes = secs->attributes & with.attributes_mask;
	with.xfrm = secs->xfrm & with.xfrm_mask;
	with.miscmask = request->miscmask;
	with.miscselect = secs->miscselect & request->miscmask;
	copy(with.cpusvn, request->cpusvn, sizeof with.cpusvn);
	copy(with.keyid, request->keyid, sizeof with.keyid);
	if (policy & KEYPOLICY_MRENCLAVE)
		copy(with.mrenclave, secs->mrenclave, sizeof with.mrenclave);
	if (policy & KEYPOLICY_MRSIGNER)
		copy(with.mrsigner, secs->mrsigner, sizeof with.mrsigner);
	if (policy & KEYPOLICY_CONFIGID) {
		with.configsvn = request->configsvn;
		copy(with.configid, secs->configid, sizeof with.configid);
	}
	if (policy & KEYPOLICY_ISVFAMILYID)
		copy(with.isvfamilyid, (const uint8_t *)secs + SECS_ISVFAMILYID_OFFSET, sizeof with.isvfamilyid);
	if (policy & KEYPOLICY_ISVEXTPRODID)
		copy(with.isvextprodid, (const uint8_t *)secs + SECS_ISVEXTPRODID_OFFSET, sizeof with.isvextprodid);
	derive(&with, key);
}

int cpu_egetkey(void)
{
	struct cpu *const cpu = cpu_self();
	const struct secs *secs = enclave.secs;
	const uint8_t *operand = epc_operand(cpu->regs.rbx, 512, SECINFO_R, "EGETKEY: KEYREQUEST at 0x%llx, alignment 0x%llx");
	if (operand == NULL)
		return -1;
	uint8_t *output = epc_operand(cpu->regs.rcx, 16, SECINFO_R | SECINFO_W, "EGETKEY: OUTPUTDATA at 0x%llx, alignment 0x%llx");
	if (output == NULL)
		return -1;
	struct keyrequest request;
	uint8_t key[16];
	copy(&request, operand, sizeof request);
	if (request.reserved_007 != 0 || !all_zero(request.reserved_04e, sizeof request.reserved_04e))
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "EGETKEY: a reserved byte of KEYREQUEST is not zero", 0, 0);
	if ((request.keypolicy & ~KEYPOLICY_ALL) != 0 ||
	    ((request.keypolicy & KEYPOLICY_OF_KSS) != 0 && (secs->attributes & ATTR_KSS) == 0))
		return cpu_raise(EXIT_VECTOR_GP, 0, 0, "EGETKEY: KEYPOLICY 0x%llx", request.keypolicy, 0);
	switch (request.keyname) {
	case KEYNAME_SEAL:
		if (!all_zero(request.cpusvn, sizeof request.cpusvn))
			return cpu_result(SGX_ERR_INVALID_CPUSVN);
		if (request.isvsvn > secs->isvsvn || request.configsvn > secs->configsvn)
			return cpu_result(SGX_ERR_INVALID_ISVSVN);
		seal_key(&request, key);
		break;
	case KEYNAME_REPORT:
		own_report_key(&request, key);
		break;
	case KEYNAME_EINITTOKEN:
	case KEYNAME_PROVISION:
	case KEYNAME_PROVISION_SEAL:
		/* Keeps carry neither attribute (SECURITY.md, rule 5), so the CPU refuses. */
		return cpu_result(SGX_ERR_INVALID_ATTRIBUTE);
	default:
		return cpu_result(SGX_ERR_INVALID_KEYNAME);
	}
	copy(output, key, sizeof key);
	return cpu_result(SGX_ERR_SUCCESS);
}
