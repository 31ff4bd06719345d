/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_POLL_H
#define MOTTE_POLL_H

#include "wait.h"

/*
 * Waits until an entry has an event: how many have one, 0 when it is too late. `fd` is the application's descriptor,
 * -1 for none.
 */
long poll_wait(struct pollfd *fds, uint64_t count, const struct timespec *deadline);

#endif
