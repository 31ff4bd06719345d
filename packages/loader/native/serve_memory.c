/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host calls on the Keep's own memory: the driver's ioctls, real or emulated. The driver may do a part and ask for the
 * rest again; in_parts() is the one place that does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include "helper.h"
#include "hostcall_host.h"

/* One request, its progress in `count`; 0 or -errno. */
typedef int range_call(struct keep_host *host, uint64_t offset, uint64_t length, uint32_t value, uint64_t *count);

/* More of EAGAIN without any progress is not patience but a hang. */
#define RETRIES 1000

int keep_host_range(struct keep_host *host, uint64_t offset, uint64_t length)
{
	return offset < host->start.size && length <= host->start.size - offset;
}

/* Bytes done, or the error if none were. */
static long in_parts(range_call *call, struct keep_host *host, uint64_t offset, uint64_t length, uint32_t value)
{
	uint64_t done = 0;
	uint32_t idle = 0;
	while (done < length) {
		uint64_t count = 0;
		const int failed = call(host, offset + done, length - done, value, &count);
		if (count > length - done || count % PAGE != 0)
			return -EIO;
		done += count;
		idle = count == 0 ? idle + 1 : 0;
		if (failed == 0 && count != 0)
			continue;
		if ((failed == -EAGAIN || failed == -EINTR || failed == -EBUSY || failed == 0) && idle < RETRIES && !enclave.stop)
			continue;
		return done > 0 ? (long)done : failed != 0 ? failed : -EIO;
	}
	return (long)done;
}

static int driver(struct keep_host *host, unsigned long request, void *argument)
{
	if (is_vm(host))
		return -ENODEV;
	if (host->start.backend == BACKEND_HARDWARE) {
		const long result = sys(SYS_ioctl, HELPER_FD_MEMORY, (long)request, (long)argument, 0);
		return result > 0 ? -EIO : (int)result;
	}
	switch (request) {
	case SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS:
		return driver_restrict(argument);
	case SGX_IOC_ENCLAVE_MODIFY_TYPES:
		return driver_modify_types(argument);
	default:
		return driver_remove(argument);
	}
}

static int restrict_range(struct keep_host *host, uint64_t offset, uint64_t length, uint32_t value, uint64_t *count)
{
	struct sgx_enclave_restrict_permissions argument = {.offset = offset, .length = length, .permissions = value};
	const int failed = driver(host, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &argument);
	*count = argument.count;
	return failed;
}

static int modify_range(struct keep_host *host, uint64_t offset, uint64_t length, uint32_t value, uint64_t *count)
{
	struct sgx_enclave_modify_types argument = {.offset = offset, .length = length, .page_type = value};
	const int failed = driver(host, SGX_IOC_ENCLAVE_MODIFY_TYPES, &argument);
	*count = argument.count;
	return failed;
}

static int remove_range(struct keep_host *host, uint64_t offset, uint64_t length, uint32_t value, uint64_t *count)
{
	(void)value;
	struct sgx_enclave_remove_pages argument = {.offset = offset, .length = length};
	const int failed = driver(host, SGX_IOC_ENCLAVE_REMOVE_PAGES, &argument);
	*count = argument.count;
	return failed;
}

long serve_mem_restrict(struct keep_host *host, uint64_t offset, uint64_t length, uint32_t permissions)
{
	return in_parts(restrict_range, host, offset, length, permissions);
}

long serve_mem_trim(struct keep_host *host, uint64_t offset, uint64_t length)
{
	return in_parts(modify_range, host, offset, length, PT_TRIM);
}

long serve_mem_tcs(struct keep_host *host, uint64_t offset, uint64_t length)
{
	return in_parts(modify_range, host, offset, length, PT_TCS);
}

long serve_mem_remove(struct keep_host *host, uint64_t offset, uint64_t length)
{
	return in_parts(remove_range, host, offset, length, 0);
}

long serve_mem_protect(struct keep_host *host, uint64_t offset, uint64_t length, uint32_t permissions)
{
	if (host->start.backend == BACKEND_EMULATED)
		return driver_protect(offset, length, permissions);
	if (is_vm(host))
		return -EINVAL;
	return sys(SYS_mprotect, (long)(host->base + offset), (long)length, (long)permissions, 0);
}
