/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles that the Keep has for descriptors of this process. 0 to 2 are streams; from 3 on come the grants; an open file
 * is its descriptor's number with a generation above it, so that a handle which was closed names nothing for a long while.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include "files.h"
#include "hostcall_host.h"
#include "sockets.h"

#define FIRST_GRANT 3
#define GENERATION_SHIFT 10
#define GENERATIONS ((1u << (30 - GENERATION_SHIFT)) - 1) /* all below SOCKET_HANDLE */
_Static_assert(FILES_MOST == 1 << GENERATION_SHIFT, "a descriptor fits below its generation");

static struct {
	uint32_t generation; /* 0: not an open file of the Keep */
	bool read_only;
} open_files[FILES_MOST];
static uint32_t last_generation;
static int lock;

static struct {
	bool read_only, file;
} grants[GRANTS_MOST];

void files_lock(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) != 0)
		sys(SYS_sched_yield, 0, 0, 0, 0);
}

void files_unlock(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static bool parse_one(struct keep_host *host, uint32_t i)
{
	const int fd = HELPER_FD_GRANT + (int)i;
	const struct grant *one = &host->grants[i];
	struct stat stat;
	const long failed = sys(SYS_fstat, fd, (long)&stat, 0, 0);
	if (failed != 0 || (one->flags & ~(uint32_t)GRANT_READ_ONLY) != 0 || (!S_ISDIR(stat.st_mode) && !S_ISREG(stat.st_mode)))
		return end_killed(host, CAUSE_START_INVALID, "GRANT %u: flags 0x%x, descriptor %d is no directory or file", i,
				  one->flags, fd);
	grants[i].read_only = (one->flags & GRANT_READ_ONLY) != 0;
	grants[i].file = S_ISREG(stat.st_mode);
	/* What was opened for reading cannot be written to, whatever happens in this process. */
	const long mode = sys(SYS_fcntl, fd, F_GETFL, 0, 0) & O_ACCMODE;
	if (grants[i].read_only && mode != O_RDONLY)
		return end_killed(host, CAUSE_START_INVALID, "GRANT %u is read-only and open for writing", i);
	return true;
}

bool grants_parse(struct keep_host *host)
{
	struct rlimit limit;
	for (uint32_t i = 0; i < host->start.grant_count; i++)
		if (!parse_one(host, i))
			return false;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > FILES_MOST) {
		limit.rlim_cur = FILES_MOST;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return true;
}

bool is_grant(const struct keep_host *host, int fd)
{
	return fd >= HELPER_FD_GRANT && (uint32_t)(fd - HELPER_FD_GRANT) < host->start.grant_count;
}

bool grant_is_read_only(const struct keep_host *host, int grant)
{
	const uint32_t i = (uint32_t)(grant - HELPER_FD_GRANT);
	return i >= host->start.grant_count || grants[i].read_only;
}

bool grant_is_file(const struct keep_host *host, int grant)
{
	const uint32_t i = (uint32_t)(grant - HELPER_FD_GRANT);
	return i >= host->start.grant_count || grants[i].file;
}

int file_descriptor(uint64_t handle)
{
	const uint64_t fd = handle % FILES_MOST, generation = handle / FILES_MOST;
	return generation != 0 && open_files[fd].generation == generation ? (int)fd : -1;
}

/* What is granted, or was opened; nothing else exists. */
int keep_host_descriptor(struct keep_host *host, uint64_t handle)
{
	if (handle >= SOCKET_HANDLE)
		return socket_descriptor(handle);
	if (handle < FIRST_GRANT)
		return host->granted[handle] ? (int)handle : -1;
	if (handle - FIRST_GRANT < host->start.grant_count)
		return HELPER_FD_GRANT + (int)(handle - FIRST_GRANT);
	return file_descriptor(handle);
}

long file_opened(const struct keep_host *host, int grant, int fd)
{
	if (fd >= FILES_MOST) {
		descriptor_close(fd);
		return -EMFILE;
	}
	files_lock();
	last_generation = last_generation % GENERATIONS + 1;
	open_files[fd].read_only = grant_is_read_only(host, grant);
	open_files[fd].generation = last_generation;
	const long handle = (long)last_generation << GENERATION_SHIFT | fd;
	files_unlock();
	return handle;
}

long file_may_read(int fd)
{
	return fd < FILES_MOST && open_files[fd].generation != 0 ? 0 : -EBADF;
}

long file_may_change(int fd)
{
	const long missing = file_may_read(fd);
	return missing != 0 ? missing : open_files[fd].read_only ? -EROFS : 0;
}

long file_close(int fd)
{
	files_lock();
	const long missing = file_may_read(fd);
	if (missing == 0)
		open_files[fd].generation = 0;
	const long result = missing == 0 ? sys(SYS_close, fd, 0, 0, 0) : missing;
	files_unlock();
	return result;
}
