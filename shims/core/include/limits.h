/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of resources (setrlimit). The configuration gives what there is; a program may ask for less. RLIMIT_NOFILE and
 * RLIMIT_FSIZE bind it, the others are remembered.
 */
#ifndef MOTTE_LIMITS_H
#define MOTTE_LIMITS_H

#include <stdint.h>

#define RLIM_INFINITY UINT64_MAX

struct rlimit {
	uint64_t now;
	uint64_t most;
};

/* The limit of a number; NULL when there is no such. */
const struct rlimit *limit_of(uint64_t which);

/* As setrlimit(). */
long limit_set(uint64_t which, const struct rlimit *to);

/* Descriptors are below it; it is never above FILES_MOST. */
uint64_t limit_files(void);

/* No file may grow beyond it. */
uint64_t limit_file(void);

/*
 * Cuts `*count` bytes that shall be stored at `at` to what a file may have; -EFBIG, and SIGXFSZ for the caller, when
 * that is nothing.
 */
long limit_write(uint64_t at, uint64_t *count);

/* The same for a file that gets a new size, when it grows. */
long limit_size(uint64_t from, uint64_t to);

#endif
