/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stack that a program of the System V ABI starts with, from its top downwards:
 *
 *   texts of arguments and environment, 16 random bytes
 *   auxiliary vector, ended by AT_NULL
 *   environment, ended by NULL
 *   arguments, ended by NULL
 *   argc                                <- the stack pointer, a multiple of 16
 *
 * It is written upwards, after a first pass over the same texts that only counts.
 */
#ifndef MOTTE_STACK_H
#define MOTTE_STACK_H

#include <stddef.h>
#include <stdint.h>

/* Entries of the auxiliary vector, AT_NULL included. */
#define STACK_AUX 20

/* What the first pass finds. */
struct stack_size {
	uint64_t args;
	uint64_t env;
	uint64_t texts; /* bytes, each text with its NUL */
};

struct stack {
	uint64_t start;   /* the stack pointer; 0 in the first pass */
	uint64_t *word;   /* where the next word goes */
	char *text;       /* where the next text goes */
	struct stack_size size;
};

/* Bytes from the stack pointer to the top. */
uint64_t stack_bytes(const struct stack_size *size);

/* Starts the second pass below `top`, a multiple of 16; the memory is writable. */
void stack_begin(struct stack *stack, uint64_t top);

/* One argument or variable: counted, or written. `count` is &stack->size.args or .env. */
void stack_text(struct stack *stack, uint64_t *count, const char *text, size_t length);

/* Ends a list of texts. */
void stack_end_list(struct stack *stack);

void stack_aux(struct stack *stack, uint64_t type, uint64_t value);

/* Copies bytes without a NUL to where the texts are, and returns their address. */
uint64_t stack_blob(struct stack *stack, const void *bytes, size_t length);

#endif
