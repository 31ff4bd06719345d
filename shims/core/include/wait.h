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
 * CLOCK_MONOTONIC is over (NULL: never; zero: it is). 0, -ETIMEDOUT, -EINTR, or what the host's ppoll() gives.
 *
 * -EINTR is for a signal that has a handler, or ends the application; it is this task's own from then on. Where nobody is
 * left who could ever wake a task, all of them waiting without an end, the Keep ends with SIGABRT.
 */
long wait_event(struct pollfd *fds, uint64_t count, const struct timespec *deadline);

/* A handle that others may wait for is about to be closed: a host that no longer knows it is not at fault. */
void wait_closes(void);

/* Tells all who wait so that something has changed which they may wait for. */
void wait_changed(void);

struct task;

/* The same for one who waits for wait_wake() alone. */
long wait_woken(const struct timespec *deadline);
void wait_wake(struct task *task);

/* A thread that has no task sleeps until wait_wake(), or until the host says so. */
void wait_idle(void);

/* The deadline that is `timeout` from now; a timeout past all time is that. 0 or an errno of the clock. */
long wait_deadline(const struct timespec *timeout, struct timespec *deadline);

/* How long until then: zero when it is over. */
long wait_left(const struct timespec *deadline, struct timespec *left);

/* The deadline that is at `time` of a clock, as that clock goes now: if it is set afterwards, nobody is told. */
long wait_until(int32_t clock, const struct timespec *time, struct timespec *deadline);

#endif
