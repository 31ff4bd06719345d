/* SPDX-License-Identifier: Apache-2.0 */
#include "include/stack.h"
#include "include/bytes.h"

/* Bytes beside the texts that stack_blob() may take: AT_RANDOM, AT_PLATFORM. */
#define BLOBS 32

uint64_t stack_bytes(const struct stack_size *size)
{
	uint64_t words = 1 + size->args + 1 + size->env + 1 + 2 * STACK_AUX;

	return (words * sizeof(uint64_t) + size->texts + BLOBS + 15) & ~15ull;
}

void stack_begin(struct stack *stack, uint64_t top)
{
	uint64_t start = top - stack_bytes(&stack->size);
	uint64_t words = 1 + stack->size.args + 1 + stack->size.env + 1 + 2 * STACK_AUX;

	stack->start = start;
	stack->word = (uint64_t *)start;
	stack->text = (char *)(stack->word + words);
	*stack->word++ = stack->size.args;
}

void stack_text(struct stack *stack, uint64_t *count, const char *text, size_t length)
{
	if (stack->start == 0) {
		++*count;
		stack->size.texts += length + 1;
		return;
	}
	*stack->word++ = (uint64_t)stack->text;
	memcpy(stack->text, text, length);
	stack->text[length] = 0;
	stack->text += length + 1;
}

void stack_end_list(struct stack *stack)
{
	if (stack->start != 0)
		*stack->word++ = 0;
}

void stack_aux(struct stack *stack, uint64_t type, uint64_t value)
{
	*stack->word++ = type;
	*stack->word++ = value;
}

uint64_t stack_blob(struct stack *stack, const void *bytes, size_t length)
{
	uint64_t at = (uint64_t)stack->text;

	memcpy(stack->text, bytes, length);
	stack->text += length;
	return at;
}
