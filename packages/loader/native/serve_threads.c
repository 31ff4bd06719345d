/* SPDX-License-Identifier: Apache-2.0 */
/* Host calls on the Keep's threads, without errno (serve_stdio.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include "helper.h"
#include "hostcall_host.h"

#define WAIT_MOST 1024 /* the row's */

/* ppoll() with one more descriptor, by which this thread is woken: by a thread_wake() before, too. */
long serve_wait(struct keep_host *host, void *fds, uint64_t nfds, const void *timeout)
{
	const struct keep_thread *self = &host->threads[cpu_self()->index];
	struct pollfd all[WAIT_MOST + 1];
	struct timespec left = *(const struct timespec *)timeout; /* Linux writes what remains into it */
	uint64_t count;
	memcpy(all, fds, nfds * sizeof all[0]);
	all[nfds] = (struct pollfd){.fd = self->wake_fd, .events = POLLIN};
	long ready = sys(SYS_ppoll, (long)all, (long)nfds + 1, left.tv_sec < 0 ? 0 : (long)&left, 0);
	if (ready <= 0)
		return ready == -EINTR ? 0 : ready; /* a tick: the Keep looks again */
	if (all[nfds].revents != 0) {
		ready--;
		sys(SYS_read, self->wake_fd, (long)&count, sizeof count, 0);
	}
	memcpy(fds, all, nfds * sizeof all[0]);
	return ready;
}

/* A single step of one thread would be a breakpoint to the others: there is one thread then. */
long serve_thread_start(struct keep_host *host, uint32_t index)
{
	if (index >= host->start.tcs_count)
		return -EINVAL;
	return !enclave.step && threads_ask(host, index) ? 0 : -EAGAIN;
}

long serve_thread_wake(struct keep_host *host, uint32_t index)
{
	if (index >= host->start.tcs_count)
		return -EINVAL;
	threads_wake(host, index);
	return 0;
}
