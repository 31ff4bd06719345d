/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one routine by which a Keep touches host memory (SECURITY.md, rule 8). `untrusted` is a multiple of 8; the
 * range, rounded up to a multiple of 8, lies wholly outside the Keep, or the Keep ends. Host memory is read and
 * written in aligned units of 8 bytes; the last unit that is written is padded with zeros.
 *
 * Both return 0, or -EFAULT when the memory inside the Keep is not there (the application gave a bad address).
 */
#ifndef MOTTE_COPY_H
#define MOTTE_COPY_H

#include <stddef.h>

long copy_out(void *untrusted, const void *from, size_t length);
long copy_in(void *to, const void *untrusted, size_t length);

#endif
