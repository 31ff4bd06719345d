/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch: SNP_LAUNCH_START, the plan's pages by SNP_LAUNCH_UPDATE, SNP_LAUNCH_FINISH, which measures the vCPUs too. Linux 6.12,
 * Documentation/virt/kvm/x86/amd-memory-encryption.rst, sections 18 to 21.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "calls.h"
#include "snp.h"

#define SNP_PAGE_SIZE 4096ull
/* The kernel does a part of a call, or none, when something interrupts it. Without any progress this often it never will. */
#define TRIES_MOST 1000u

static const char *status_name(uint32_t status)
{
	switch (status) {
	case FIRMWARE_SUCCESS:
		return "the firmware was not asked";
	case FIRMWARE_INVALID_GUEST_STATE:
		return "INVALID_GUEST_STATE";
	case FIRMWARE_INVALID_CONFIG:
		return "INVALID_CONFIG";
	case FIRMWARE_POLICY_FAILURE:
		return "POLICY_FAILURE: the policy is not what this machine or the ID block allows";
	case FIRMWARE_INVALID_ADDRESS:
		return "INVALID_ADDRESS";
	case FIRMWARE_BAD_SIGNATURE:
		return "BAD_SIGNATURE: the ID block, or the ID key, is not signed by the key beside it";
	case FIRMWARE_BAD_MEASUREMENT:
		return "BAD_MEASUREMENT: the ID block is of another launch digest";
	case FIRMWARE_INVALID_PARAM:
		return "INVALID_PARAM";
	case FIRMWARE_RESOURCE_LIMIT:
		return "RESOURCE_LIMIT";
	case FIRMWARE_INVALID_PAGE_STATE:
		return "INVALID_PAGE_STATE: a page was launched twice, or is not the guest's";
	case FIRMWARE_BAD_SVN:
		return "BAD_SVN";
	case FIRMWARE_BAD_VERSION:
		return "BAD_VERSION";
	default:
		return "a status of the firmware that is not known here";
	}
}

/* 0 or -errno; `status` is the firmware's. */
static long command(struct snp_calls *calls, uint32_t sev_fd, uint32_t id, void *data, uint32_t *status)
{
	struct sev_cmd cmd = {.id = id, .data = (uint64_t)data, .sev_fd = sev_fd};
	const long result = calls->ioctl(calls, SNP_IOC_ENCRYPT_OP, &cmd);
	*status = cmd.error;
	return result;
}

static bool failed(struct snp_outcome *outcome, const char *what, long result, uint32_t status)
{
	snprintf(outcome->text, sizeof outcome->text, "%s: %s; firmware status 0x%x, %s", what, strerror((int)-result), status,
		 status_name(status));
	return false;
}

bool snp_init(struct snp_calls *calls, uint32_t sev_fd, struct snp_outcome *outcome)
{
	struct sev_init2 init = {.ghcb_version = GHCB_VERSION};
	uint32_t status;
	const long result = command(calls, sev_fd, SEV_CMD_INIT2, &init, &status);
	return result == 0 || failed(outcome, "KVM_SEV_INIT2", result, status);
}

/* Whose pages are: as the guest asks, and those of the launch. */
bool snp_own(struct snp_calls *calls, uint64_t gpa, uint64_t length, bool private)
{
	struct memory_attributes attributes = {
		.address = gpa, .size = length, .attributes = private ? MEMORY_ATTRIBUTE_PRIVATE : 0};
	long result;
	do
		result = calls->ioctl(calls, SNP_IOC_MEMORY_ATTRIBUTES, &attributes);
	while (result == -EINTR || result == -EAGAIN);
	return result == 0;
}

static uint32_t rows_that_differ(const uint8_t *page, const uint8_t *before)
{
	const struct cpuid_row *rows = (const struct cpuid_row *)(page + sizeof(struct cpuid_page));
	const struct cpuid_row *old = (const struct cpuid_row *)(before + sizeof(struct cpuid_page));
	uint32_t count = 0;
	for (uint32_t i = 0; i < CPUID_ROWS; i++)
		count += memcmp(&rows[i], &old[i], sizeof rows[i]) != 0;
	return count;
}

/* One run, in as many calls as the kernel wants. */
static long update(struct snp_calls *calls, const struct snp_input *input, const struct launch_run *run, uint32_t *status)
{
	struct snp_launch_update argument = {
		.gfn_start = (input->base + run->offset) / SNP_PAGE_SIZE,
		.uaddr = run->type == SNP_PAGE_ZERO ? 0 : (uint64_t)(input->memory + run->offset),
		.len = run->pages * SNP_PAGE_SIZE,
		.type = (uint8_t)run->type,
	};
	uint32_t idle = 0;
	while (argument.len != 0 && idle < TRIES_MOST) {
		const uint64_t before = argument.len;
		const long result = command(calls, input->sev_fd, SEV_CMD_SNP_LAUNCH_UPDATE, &argument, status);
		if (result != 0 && result != -EAGAIN && result != -EINTR)
			return result;
		idle = argument.len < before ? 0 : idle + 1;
	}
	return argument.len == 0 ? 0 : -EAGAIN;
}

/* The firmware refuses a CPUID page that is not its CPU's, and says what it should be: that is handed over once. */
static bool launch_run(struct snp_calls *calls, const struct snp_input *input, const struct launch_run *run,
		       struct snp_outcome *outcome)
{
	static uint8_t before[SNP_PAGE_SIZE];
	uint8_t *page = input->memory + run->offset;
	uint32_t status;
	if (run->type == SNP_PAGE_CPUID)
		memcpy(before, page, sizeof before);
	long result = update(calls, input, run, &status);
	if (result != 0 && run->type == SNP_PAGE_CPUID && status == FIRMWARE_INVALID_PARAM) {
		outcome->cpuid_corrected = rows_that_differ(page, before);
		result = update(calls, input, run, &status);
	}
	if (result == 0)
		return true;
	char what[80];
	snprintf(what, sizeof what, "SNP_LAUNCH_UPDATE of %u pages of type %u at offset 0x%llx", run->pages, run->type,
		 (unsigned long long)run->offset);
	return failed(outcome, what, result, status);
}

static bool finish(struct snp_calls *calls, const struct snp_input *input, struct snp_outcome *outcome)
{
	const struct launch *launch = input->launch;
	struct snp_launch_finish argument = {
		.id_block_en = (launch->flags & LAUNCH_ID_BLOCK) != 0,
		.auth_key_en = (launch->flags & LAUNCH_AUTHOR_KEY) != 0,
	};
	uint32_t status;
	if (argument.id_block_en) {
		argument.id_block_uaddr = (uint64_t)launch->id_block;
		argument.id_auth_uaddr = (uint64_t)launch->id_auth;
	}
	memcpy(argument.host_data, launch->host_data, sizeof argument.host_data);
	const long result = command(calls, input->sev_fd, SEV_CMD_SNP_LAUNCH_FINISH, &argument, &status);
	return result == 0 || failed(outcome, "SNP_LAUNCH_FINISH", result, status);
}

bool snp_launch(struct snp_calls *calls, const struct snp_input *input, struct snp_outcome *outcome)
{
	struct snp_launch_start start = {.policy = input->launch->policy};
	uint32_t status;
	const long result = command(calls, input->sev_fd, SEV_CMD_SNP_LAUNCH_START, &start, &status);
	if (result != 0)
		return failed(outcome, "SNP_LAUNCH_START", result, status);
	for (uint32_t i = 0; i < input->launch->run_count; i++)
		if (!launch_run(calls, input, &input->runs[i], outcome))
			return false;
	return finish(calls, input, outcome);
}
