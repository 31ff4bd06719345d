/* SPDX-License-Identifier: Apache-2.0 */
/* The config blob (docs/config-blob.md), once it is inside the Keep and its digest is the attested one. */
#ifndef MOTTE_CONFIG_BLOB_H
#define MOTTE_CONFIG_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include "../generated/config.h"

/* One record; `value` has no terminator. */
struct config_value {
	unsigned type;
	const char *value;
	size_t length;
	size_t next; /* where the next one starts */
};

/* Whether `length` bytes at `blob` are a blob in its one canonical form. */
bool config_check(const void *blob, size_t length);

/* The first record of a checked blob has `next` 0; false after the last. */
bool config_next(const void *blob, struct config_value *record);

/* How many bytes of `value` are its key: up to the first '=', or all. */
size_t config_key(const char *value, size_t length);

#endif
