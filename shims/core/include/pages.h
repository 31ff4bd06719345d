/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and lengths of system calls on memory, as pages. */
#ifndef MOTTE_PAGES_H
#define MOTTE_PAGES_H

#include <stdbool.h>
#include "memory.h"
#include "platform.h"

static inline bool is_page(uint64_t address)
{
	return address % PAGE_BYTES == 0;
}

/* Pages of a length; 0 when the length is, or is more than there can be. */
static inline uint64_t pages_of(uint64_t length)
{
	return length > UINT64_MAX - PAGE_BYTES ? 0 : (length + PAGE_BYTES - 1) >> PAGE_SHIFT;
}

/* Whether [address, address + length), not empty, is within user space, also after rounding up. */
static inline bool is_user_range(uint64_t address, uint64_t length)
{
	return address < USER_END && length <= USER_END - address;
}

#endif
