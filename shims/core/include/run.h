/* SPDX-License-Identifier: Apache-2.0 */
/* The application's memory in parts, as an array of struct iovec names them, from front to back. */
#ifndef MOTTE_RUN_H
#define MOTTE_RUN_H

#include <stdint.h>
#include "linux.h"

struct run {
	struct iovec now; /* what is left of the part that it is at */
	uint64_t next;    /* where the application has the part after it */
	uint64_t parts;   /* how many there are from there on */
};

static inline struct run run_of(uint64_t base, uint64_t length)
{
	return (struct run){ .now = { base, length } };
}

/* Bytes of an array of parts, as much as one call moves; -EFAULT, or -EINVAL of a part that is too long. */
long run_start(struct run *run, uint64_t parts, uint64_t count);

/* Copies out of it, or to it, and goes on behind that: 0, or -EFAULT, after which it stands anywhere. */
long run_get(struct run *run, void *to, uint64_t count);
long run_put(struct run *run, const void *from, uint64_t count);

#endif
