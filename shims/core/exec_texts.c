/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copied once, before anything is checked: other threads may write to the originals at any time, and the originals are gone
 * when the copies are used. There is room in front of the arguments for what interpreters put there.
 */
#include "include/bytes.h"
#include "include/exec.h"
#include "include/memory.h"
#include "include/pages.h"
#include "include/platform.h"
#include "include/program.h"
#include "include/user.h"

/* The name of a script, and five times an interpreter and its argument. */
#define FRONT (2 * PAGE_BYTES)
/* MAX_ARG_STRLEN */
#define TEXT_MOST (32 * PAGE_BYTES)

static long put_text(struct exec_texts *texts, uint64_t from)
{
	uint64_t start = texts->end, limit = texts->memory + (texts->pages << PAGE_SHIFT);
	char byte;

	do {
		if ((texts->end == start || from % PAGE_BYTES == 0) && memory_touch(from, 1, PERM_R))
			return -EFAULT;
		if (texts->end == limit || texts->end - start == TEXT_MOST)
			return -E2BIG;
		if (texts->end % PAGE_BYTES == 0)
			memory_ready(texts->end, 1);
		byte = *(const volatile char *)from++;
		*(char *)texts->end++ = byte;
	} while (byte);
	return 0;
}

static long put_list(struct exec_texts *texts, struct host_texts *list, uint64_t from)
{
	uint64_t text;
	long error = 0;

	list->start = (const char *)texts->end;
	for (; from != 0 && !error; from += sizeof(text)) {
		if (user_get(&text, from, sizeof(text)))
			return -EFAULT;
		if (text == 0)
			break;
		error = put_text(texts, text);
		list->count++;
	}
	list->length = texts->end - (uint64_t)list->start;
	return error;
}

/* Linux, too, starts nothing without an argv[0]. */
static void put_empty(struct exec_texts *texts)
{
	memory_ready(texts->end, 1);
	*(char *)texts->end++ = 0;
	texts->args.count = 1;
	texts->args.length = 1;
}

long exec_texts_get(struct exec_texts *texts, uint64_t args, uint64_t env)
{
	long error;

	texts->pages = (FRONT >> PAGE_SHIFT) + pages_of(program_room()) + 1;
	texts->memory = memory_take(texts->pages);
	if (texts->memory == 0)
		return -ENOMEM;
	memory_ready(texts->memory, FRONT);
	texts->end = texts->memory + FRONT;
	error = put_list(texts, &texts->args, args);
	if (!error && texts->args.count == 0)
		put_empty(texts);
	return error ? error : put_list(texts, &texts->env, env);
}

void exec_texts_put(struct exec_texts *texts)
{
	if (texts->memory != 0)
		memory_give(texts->memory, texts->pages);
	texts->memory = 0;
}

static bool put_front(struct exec_texts *texts, const char *text)
{
	size_t length = strlen(text) + 1;

	if (length > (uint64_t)texts->args.start - texts->memory)
		return false;
	texts->args.start -= length;
	texts->args.length += length;
	texts->args.count++;
	memcpy((char *)texts->args.start, text, length);
	return true;
}

long exec_texts_interpret(struct exec_texts *texts, const char *script, const char *interpreter, const char *argument)
{
	size_t first = strlen(texts->args.start) + 1;

	texts->args.start += first;
	texts->args.length -= first;
	texts->args.count--;
	if (!put_front(texts, script) || (argument && !put_front(texts, argument)) || !put_front(texts, interpreter))
		return -E2BIG;
	return 0;
}
