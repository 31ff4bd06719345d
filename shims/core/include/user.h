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

/*
 * Copies a path to PATH_MAX bytes of the shim's own: 0, -EFAULT, -ENAMETOOLONG; -ENOENT when it is empty, and `to`
 * is then the empty string.
 */
long user_path(char *to, uint64_t path);

#endif
