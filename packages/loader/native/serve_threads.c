/* SPDX-License-Identifier: Apache-2.0 */
/* Host calls on the Keep's threads, without errno (serve_stdio.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include "helper.h"
#include "hostcall_host.h"

/* Returns early after thread_wake(), whether that came before or comes meanwhile. */
long serve_wait(struct keep_host *host, void *fds, uint64_t nfds, const void *timeout)
{
	/* Linux writes what remains into it. */
	struct timespec left = *(const struct timespec *)timeout;
	if (host->woken)
		left = (struct timespec){0};
	host->woken = false;
	return sys(SYS_ppoll, (long)fds, (long)nfds, left.tv_sec < 0 ? 0 : (long)&left, 0);
}

long serve_thread_start(struct keep_host *host, uint32_t index)
{
	return index < host->start.tcs_count ? -EAGAIN : -EINVAL;
}

long serve_thread_wake(struct keep_host *host, uint32_t index)
{
	if (index >= host->start.tcs_count)
		return -EINVAL;
	host->woken = true;
	return 0;
}
