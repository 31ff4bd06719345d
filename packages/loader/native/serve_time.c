/* SPDX-License-Identifier: Apache-2.0 */
/* Host calls on time: by system call, because the vDSO must not be used here (thread.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "helper.h"
#include "hostcall_host.h"

static long result(long value)
{
	return value < 0 ? -errno : value;
}

long serve_clock_gettime(struct keep_host *host, int32_t clock, void *timespec)
{
	(void)host;
	return result(syscall(SYS_clock_gettime, clock, timespec));
}

long serve_clock_getres(struct keep_host *host, int32_t clock, void *timespec)
{
	(void)host;
	return result(syscall(SYS_clock_getres, clock, timespec));
}

long serve_clock_nanosleep(struct keep_host *host, int32_t clock, uint32_t flags, const void *request)
{
	(void)host;
	return result(syscall(SYS_clock_nanosleep, clock, flags, request, NULL));
}

long serve_sched_yield(struct keep_host *host)
{
	(void)host;
	return result(sched_yield());
}
