/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host calls on time, without errno (serve_stdio.c). The clock is read by the vDSO's function itself, which uses no
 * thread-local storage; where that must ask the kernel, its system call traps and cpu_trap() makes it.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include "helper.h"
#include "hostcall_host.h"

long serve_clock_gettime(struct keep_host *host, int32_t clock, void *timespec)
{
	if (is_vm(host))
		vm_clock_refresh(host);
	if (host->clock_gettime == NULL)
		return sys(SYS_clock_gettime, clock, (long)timespec, 0, 0);
	return host->clock_gettime(clock, timespec);
}

long serve_clock_getres(struct keep_host *host, int32_t clock, void *timespec)
{
	(void)host;
	return sys(SYS_clock_getres, clock, (long)timespec, 0, 0);
}

long serve_sched_yield(struct keep_host *host)
{
	(void)host;
	return sys(SYS_sched_yield, 0, 0, 0, 0);
}
