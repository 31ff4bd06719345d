/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application's memory, as a system call's pointers name it. A structure is copied once, then looked at: another
 * of its threads may write to it at any time.
 */
#ifndef MOTTE_USER_H
#define MOTTE_USER_H

#include <stddef.h>
#include <stdint.h>

/* 0 or -EFAULT. */
long user_get(void *to, uint64_t from, size_t length);
long user_put(uint64_t to, const void *from, size_t length);

/* Whether a path can be read and is not too long: 0, -EFAULT, -ENAMETOOLONG; -ENOENT when it is empty. */
long user_path(uint64_t path);

#endif
