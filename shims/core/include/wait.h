/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way to wait. Whoever waits looks, waits, and looks again: what is told here is a hint that something may have
 * changed, and after it anything may have, for the core lock is given up meanwhile.
 */
#ifndef MOTTE_WAIT_H
#define MOTTE_WAIT_H

#include <stdint.h>
#include "linux.h"

/* As poll() has it; `fd` is a handle of the host's, or -1 for an entry that is none. */
struct pollfd {
	int32_t fd;
	int16_t events;
	int16_t revents;
};

#define POLLIN 0x001
#define POLLPRI 0x002
#define POLLOUT 0x004
#define POLLERR 0x008
#define POLLHUP 0x010
#define POLLNVAL 0x020
#define POLLRDNORM 0x040
#define POLLRDBAND 0x080
#define POLLWRNORM 0x100
#define POLLWRBAND 0x200
#define POLLRDHUP 0x2000

/* Entries that one wait can have. */
#define WAIT_MOST 1024

/*
 * Sleeps until a handle is ready (its `revents` say for what), something in the Keep has changed, or `deadline` of
 * CLOCK_MONOTONIC is over (NULL: never). 0, -ETIMEDOUT, -EINTR, or what the host's poll() gives.
 */
long wait_event(struct pollfd *fds, uint64_t count, const struct timespec *deadline);

/* Tells all who wait that something has changed which they may wait for. */
void wait_changed(void);

/* The deadline that is `timeout` from now; a timeout past all time is that. 0 or an errno of the clock. */
long wait_deadline(const struct timespec *timeout, struct timespec *deadline);

#endif
