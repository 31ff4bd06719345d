/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_PATCH_H
#define MOTTE_PATCH_H

/* Bytes below the ELRANGE that the stubs of patched sites may take. */
#define STUBS_SIZE 0x10000ull

#endif
