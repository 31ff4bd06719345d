/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets know of a row: the sizes of its buffers. fuzz/build.mjs writes the table from the host-call table. */
#ifndef FUZZ_SHAPES_H
#define FUZZ_SHAPES_H

#include <stddef.h>
#include <stdint.h>
#include "hostcall_guest.h"

enum kind { NONE, NUMBER, BUFFER, VALUE_RESULT };

struct shape {
	uint32_t number;
	struct {
		enum kind kind;
		uint32_t each; /* bytes of an element */
		uint32_t max;  /* most elements */
		int by;        /* the argument that counts them, or -1 for one */
	} arg[6];
};

extern const struct shape shapes[];
extern const unsigned shape_count;
long call_row(unsigned row, struct hostcall *call, const uint64_t *a, void *const *b);

/* Input that a target takes from the front; zeros once it is used up. */
struct input {
	const uint8_t *at;
	size_t left;
};

static inline void take_bytes(struct input *input, void *to, size_t size)
{
	const size_t there = size < input->left ? size : input->left;

	__builtin_memset(to, 0, size);
	__builtin_memcpy(to, input->at, there);
	input->at += there;
	input->left -= there;
}

static inline uint64_t take_number(struct input *input, size_t size)
{
	uint64_t value = 0;

	take_bytes(input, &value, size);
	return value;
}

_Noreturn void broken(const char *what, uint64_t value);

#endif
