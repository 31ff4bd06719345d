/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments and environment: what the config blob fixes, and what it leaves to the host (SECURITY.md, rule 3).
 * Anything more from the host ends the Keep.
 */
#ifndef MOTTE_ARGUMENTS_H
#define MOTTE_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "stack.h"

/* Texts from the host, or of execve(), each ended by NUL, copied into the shim's memory. */
struct host_texts {
	const char *start;
	size_t length;
	uint32_t count;
};

struct arguments {
	const void *blob; /* checked */
	struct host_texts args;
	struct host_texts env;
};

/* Ends the Keep unless the host gave only what the blob leaves to it. */
void arguments_check(const struct arguments *arguments);

/* Puts texts on the stack, or counts them; `count` as for stack_text(). */
void texts_put(const struct host_texts *texts, struct stack *stack, uint64_t *count);

/* Puts both lists on the stack, or counts them. */
void arguments_put(const struct arguments *arguments, struct stack *stack);

#endif
