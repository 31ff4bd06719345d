/* SPDX-License-Identifier: Apache-2.0 */
/* Small objects of the shim's own. */
#ifndef MOTTE_HEAP_H
#define MOTTE_HEAP_H

#include <stddef.h>

/* Zeroed memory for an object of `size` bytes, aligned to 16; NULL when there is none. */
void *heap_get(size_t size);

/* Gives it back; `size` is what it was got with. */
void heap_put(void *object, size_t size);

#endif
