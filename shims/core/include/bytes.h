/* SPDX-License-Identifier: Apache-2.0 */
/* What GCC and BearSSL expect of <string.h> (bytes.S), and little else. Never used on host memory: that is copy.h. */
#ifndef MOTTE_BYTES_H
#define MOTTE_BYTES_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *text);

#endif
