/* SPDX-License-Identifier: Apache-2.0 */
/* START: checked before anything is done. The loader is trusted to mean well, not to be free of bugs. */
#include <string.h>
#include "files.h"
#include "sockets.h"
#include "vmsa.h"

/* Takes `count` records of `size` bytes off the message; NULL if they are not there. */
static const void *take(const uint8_t **at, const uint8_t *end, uint64_t count, uint64_t size)
{
	const uint8_t *from = *at;
	if (count * size > (uint64_t)(end - from))
		return NULL;
	*at += count * size;
	return from;
}

static bool check_mappings(struct keep_host *host)
{
	uint64_t least = 0;
	for (uint32_t i = 0; i < host->start.mapping_count; i++) {
		const struct mapping *one = &host->mappings[i];
		uint64_t end;
		if (one->offset % PAGE != 0 || one->length % PAGE != 0 || one->length == 0 || (one->permissions & ~7u) != 0 ||
		    one->offset < least || __builtin_add_overflow(one->offset, one->length, &end) ||
		    end > host->start.size)
			return end_killed(host, CAUSE_START_INVALID, "MAPPING %u: offset 0x%llx, length 0x%llx", i,
					  (unsigned long long)one->offset, (unsigned long long)one->length);
		least = end;
	}
	return true;
}

static bool check_runs(struct keep_host *host)
{
	for (uint32_t i = 0; is_snp(host) && i < host->launch->run_count; i++) {
		const struct launch_run *one = &host->runs[i];
		if (one->offset % PAGE != 0 || one->pages == 0 || one->offset >= host->start.size ||
		    one->pages > (host->start.size - one->offset) / PAGE)
			return end_killed(host, CAUSE_START_INVALID, "LAUNCH_RUN %u: offset 0x%llx, %u pages", i,
					  (unsigned long long)one->offset, one->pages);
	}
	return true;
}

static bool check_tables(struct keep_host *host)
{
	for (uint32_t i = 0; host->tcs != NULL && i < host->start.tcs_count; i++)
		if (host->tcs[i] % PAGE != 0 || host->tcs[i] >= host->start.size)
			return end_killed(host, CAUSE_START_INVALID, "TCS %u: offset 0x%llx", i,
					  (unsigned long long)host->tcs[i]);
	for (uint32_t i = 0; i < host->start.site_count; i++)
		if (host->sites[i].offset >= host->start.size - 8)
			return end_killed(host, CAUSE_START_INVALID, "SITE %u: offset 0x%x", i, host->sites[i].offset);
	return true;
}

/* SGX: a power of two at a multiple of itself. KVM: whole pages. */
static bool check_place(struct keep_host *host)
{
	const struct start *start = &host->start;
	const bool sgx = !is_vm(host);
	uint64_t end;
	if (start->size < PAGE || start->size % PAGE != 0 || start->base % PAGE != 0 || start->size > 1ull << 46 ||
	    __builtin_add_overflow(start->base, start->size, &end) ||
	    (sgx && ((start->size & (start->size - 1)) != 0 || start->base % start->size != 0)))
		return end_killed(host, CAUSE_START_INVALID, "size 0x%llx, base 0x%llx", (unsigned long long)start->size,
				  (unsigned long long)start->base);
	if (start->backend != BACKEND_EMULATED && start->base == 0)
		return end_killed(host, CAUSE_START_INVALID, "%s", "hardware without a base address");
	return true;
}

static bool check_parts(struct keep_host *host)
{
	for (uint32_t i = 0; i < host->start.part_count; i++) {
		const struct image_part *one = &host->parts[i];
		const int fd = image_descriptor(host, i);
		struct stat stat;
		uint64_t end;
		if (__builtin_add_overflow(one->offset, one->length, &end) || end > INT64_MAX || fstat(fd, &stat) != 0 ||
		    !S_ISREG(stat.st_mode) || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
			return end_killed(host, CAUSE_START_INVALID, "IMAGE_PART %u: descriptor %d is no file of 0x%llx bytes", i, fd,
					  (unsigned long long)end);
	}
	return true;
}

/* `bytes` stay: the tables are used where they are. */
bool start_parse(struct keep_host *host, uint8_t *bytes, uint32_t length)
{
	struct start *start = &host->start;
	const uint8_t *at = bytes, *end = bytes + length;
	if (length < sizeof *start)
		return end_killed(host, CAUSE_START_INVALID, "%u bytes, expected at least %zu", length, sizeof *start);
	memcpy(start, bytes, sizeof *start);
	at += sizeof *start;
	if (start->version != PROTOCOL_VERSION)
		return end_killed(host, CAUSE_START_INVALID, "version %u, expected %u: loader and helper are not of one build",
				  start->version, PROTOCOL_VERSION);
	if (start->backend < BACKEND_EMULATED || start->backend > BACKEND_SNP_SIMULATED)
		return end_killed(host, CAUSE_START_INVALID, "backend %u", start->backend);
	if (!check_place(host))
		return false;
	if (start->grant_count > GRANTS_MOST)
		return end_killed(host, CAUSE_START_INVALID, "%u grants, expected at most %u", start->grant_count, GRANTS_MOST);
	if (start->part_count > PARTS_MOST)
		return end_killed(host, CAUSE_START_INVALID, "%u parts of an image, expected at most %u", start->part_count,
				  PARTS_MOST);
	if (start->tcs_count == 0)
		return end_killed(host, CAUSE_START_INVALID, "%s", "no TCS");
	if ((start->backend == BACKEND_HARDWARE || start->backend == BACKEND_SNP) && (start->flags & START_DEBUGGER) != 0)
		return end_killed(host, CAUSE_START_INVALID, "%s", "a debugger of a Keep that hardware protects");
	if ((start->flags & START_SWITCHLESS) != 0 && (!is_vm(host) || (start->flags & START_DEBUGGER) != 0))
		return end_killed(host, CAUSE_START_INVALID, "%s", "SWITCHLESS is for a Keep in a VM without a debugger");
	if (is_vm(host) && !is_simulated(host) && start->site_count != 0)
		return end_killed(host, CAUSE_START_INVALID, "%s", "SITEs are for an emulated Keep");
#ifndef MOTTE_HOSTILE
	if (start->lie_count != 0)
		return end_killed(host, CAUSE_START_INVALID, "%s", "LIEs are for motte-helper-hostile");
#endif
	host->mappings = take(&at, end, start->mapping_count, sizeof(struct mapping));
	if (is_vm(host))
		host->vmsa = take(&at, end, start->tcs_count, sizeof(struct vmsa));
	else
		host->tcs = take(&at, end, start->tcs_count, sizeof(uint64_t));
	host->sites = take(&at, end, start->site_count, sizeof(struct site));
	host->lies = take(&at, end, start->lie_count, sizeof(struct lie));
	host->grants = take(&at, end, start->grant_count, sizeof(struct grant));
	host->parts = take(&at, end, start->part_count, sizeof(struct image_part));
	if (is_snp(host) && (host->launch = take(&at, end, 1, sizeof *host->launch)) != NULL)
		host->runs = take(&at, end, host->launch->run_count, sizeof *host->runs);
	host->boot = take(&at, end, start->boot_length, 1);
	if (host->mappings == NULL || (host->tcs == NULL && host->vmsa == NULL) || host->sites == NULL || host->lies == NULL ||
	    host->grants == NULL || host->parts == NULL || (is_snp(host) && host->runs == NULL) || host->boot == NULL || at != end)
		return end_killed(host, CAUSE_START_INVALID, "%u bytes are not what its counts say", length);
	if (start->boot_length > HOSTCALL_DATA_SIZE)
		return end_killed(host, CAUSE_START_INVALID, "the boot message has %u bytes", start->boot_length);
	host->granted[0] = (start->flags & START_STDIN) != 0;
	host->granted[1] = (start->flags & START_STDOUT) != 0;
	host->granted[2] = (start->flags & START_STDERR) != 0;
	return check_mappings(host) && check_runs(host) && check_tables(host) && check_parts(host) && grants_parse(host) && sockets_start(host);
}
