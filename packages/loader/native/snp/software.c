/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "software.h"

/* Bits that KVM lets through: the firmware looks at the others. */
#define POLICY_SINGLE_SOCKET (1ull << 20)

static bool is_zero(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	for (size_t i = 0; i < size; i++)
		if (at[i] != 0)
			return false;
	return true;
}

/* A status of the firmware's as the kernel gives it to user space. */
static long told(struct sev_cmd *cmd, uint32_t status)
{
	cmd->error = status;
	return status == FIRMWARE_SUCCESS ? 0 : -EIO;
}

static long init2(struct software *software, const struct sev_init2 *init)
{
	if (software->initialised || init->flags != 0 || init->vmsa_features != 0 || init->ghcb_version > GHCB_VERSION ||
	    init->reserved_00e != 0 || !is_zero(init->reserved_010, sizeof init->reserved_010))
		return -EINVAL;
	software->initialised = true;
	return 0;
}

static long start(struct software *software, struct sev_cmd *cmd, const struct snp_launch_start *argument)
{
	if (!software->initialised || software->firmware.state != FIRMWARE_NONE || argument->flags != 0 ||
	    !is_zero(argument->reserved_020, sizeof argument->reserved_020) ||
	    (argument->policy & POLICY_SINGLE_SOCKET) != 0 || (argument->policy & POLICY_ONE) == 0)
		return -EINVAL;
	return told(cmd, firmware_start(&software->firmware, argument->policy));
}

/* Contents go into the guest's own memory; a page that the firmware refuses comes back as it wants it. */
static uint32_t update_page(struct software *software, struct snp_launch_update *argument)
{
	struct firmware *firmware = &software->firmware;
	const uint64_t gpa = argument->gfn_start * SNP_PAGE_SIZE;
	if (!rmp_covers(firmware, gpa, 1))
		return firmware_update(firmware, argument->type, gpa, NULL);
	uint8_t *own = software->memory + (gpa - firmware->base), *source = (uint8_t *)argument->uaddr;
	/* The source of a simulated Keep is its memory itself. A page that is not to be launched stays as it is. */
	if (source != NULL && source != own && *rmp_entry(firmware, gpa) == RMP_PRIVATE)
		memcpy(own, source, SNP_PAGE_SIZE);
	const uint32_t status = firmware_update(firmware, argument->type, gpa, own);
	if (status != FIRMWARE_SUCCESS && argument->type == SNP_PAGE_CPUID && source != NULL && source != own)
		memcpy(source, own, SNP_PAGE_SIZE);
	return status;
}

static long update(struct software *software, struct sev_cmd *cmd, struct snp_launch_update *argument)
{
	if (!software->initialised || argument->flags != 0 || argument->reserved_019 != 0 || argument->reserved_01c != 0 ||
	    !is_zero(argument->reserved_020, sizeof argument->reserved_020) || argument->len == 0 ||
	    argument->len % SNP_PAGE_SIZE != 0 || argument->uaddr % SNP_PAGE_SIZE != 0 || argument->type == SNP_PAGE_VMSA ||
	    argument->type < SNP_PAGE_NORMAL || argument->type > SNP_PAGE_CPUID ||
	    (argument->type != SNP_PAGE_ZERO && argument->uaddr == 0))
		return -EINVAL;
	for (uint32_t done = 0; argument->len != 0; done++) {
		if (software->pages_most != 0 && done == software->pages_most)
			return -EAGAIN;
		const uint32_t status = update_page(software, argument);
		if (status != FIRMWARE_SUCCESS)
			return told(cmd, status);
		argument->gfn_start++;
		argument->len -= SNP_PAGE_SIZE;
		argument->uaddr += argument->type == SNP_PAGE_ZERO ? 0 : SNP_PAGE_SIZE;
	}
	return 0;
}

/* The vCPUs after all pages, whatever user space thinks of it (SECURITY.md, rule 14). */
static long finish(struct software *software, struct sev_cmd *cmd, const struct snp_launch_finish *argument)
{
	static uint8_t page[SNP_PAGE_SIZE];
	if (!software->initialised || argument->flags != 0 || !is_zero(argument->reserved_033, sizeof argument->reserved_033) ||
	    !is_zero(argument->reserved_038, sizeof argument->reserved_038) || (argument->auth_key_en != 0 && argument->id_block_en == 0))
		return -EINVAL;
	for (uint32_t i = 0; i < software->vcpu_count; i++) {
		memcpy(page, software->vmsas + i * SNP_PAGE_SIZE, sizeof page);
		const uint32_t status = firmware_update(&software->firmware, SNP_PAGE_VMSA, VMSA_GPA, page);
		if (status != FIRMWARE_SUCCESS)
			return told(cmd, status);
	}
	return told(cmd, firmware_finish(&software->firmware, argument));
}

static long encrypt_op(struct software *software, struct sev_cmd *cmd)
{
	cmd->error = FIRMWARE_SUCCESS;
	switch (cmd->id) {
	case SEV_CMD_INIT2:
		return init2(software, (const struct sev_init2 *)cmd->data);
	case SEV_CMD_SNP_LAUNCH_START:
		return start(software, cmd, (const struct snp_launch_start *)cmd->data);
	case SEV_CMD_SNP_LAUNCH_UPDATE:
		return update(software, cmd, (struct snp_launch_update *)cmd->data);
	case SEV_CMD_SNP_LAUNCH_FINISH:
		return finish(software, cmd, (const struct snp_launch_finish *)cmd->data);
	default:
		return -EINVAL;
	}
}

/* A page that changes hands is empty, and no longer validated. */
static long set_attributes(struct software *software, const struct memory_attributes *attributes)
{
	struct firmware *firmware = &software->firmware;
	const uint64_t pages = attributes->size / SNP_PAGE_SIZE;
	const bool private = attributes->attributes == MEMORY_ATTRIBUTE_PRIVATE;
	if (attributes->flags != 0 || attributes->address % SNP_PAGE_SIZE != 0 || attributes->size % SNP_PAGE_SIZE != 0 ||
	    (attributes->attributes & ~(uint64_t)MEMORY_ATTRIBUTE_PRIVATE) != 0 || !rmp_covers(firmware, attributes->address, pages))
		return -EINVAL;
	uint8_t *entries = rmp_entry(firmware, attributes->address);
	for (uint64_t i = 0; i < pages; i++)
		if (!private)
			entries[i] = RMP_SHARED;
		else if (entries[i] == RMP_SHARED)
			entries[i] = RMP_PRIVATE;
	return 0;
}

static long software_ioctl(struct snp_calls *calls, unsigned long request, void *argument)
{
	struct software *software = (struct software *)calls;
	switch (request) {
	case SNP_IOC_ENCRYPT_OP:
		return encrypt_op(software, argument);
	case SNP_IOC_MEMORY_ATTRIBUTES:
		return set_attributes(software, argument);
	default:
		return -ENOTTY;
	}
}

bool software_start(struct software *software, uint64_t base, uint64_t pages, struct cpuid_truth cpuid)
{
	*software = (struct software){.calls = {.ioctl = software_ioctl}, .firmware = {.base = base, .pages = pages, .cpuid = cpuid}};
	software->firmware.rmp = calloc(1, pages);
	return software->firmware.rmp != NULL;
}
