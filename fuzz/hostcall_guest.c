/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's answer is the input: row, arguments, then the header and the data that the host gives. Buffers are as large
 * as the call says to the byte, so that the sanitizer sees any step beyond.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shapes.h"

#define MAX_ERRNO 4095
#define SMALL 64

static struct hostcall_block *block;
static struct hostcall call;
static struct input answer;
static jmp_buf refused;
static unsigned transfers;

void broken(const char *what, uint64_t value)
{
	fprintf(stderr, "broken: %s 0x%llx\n", what, (unsigned long long)value);
	abort();
}

void keep_refuse(uint32_t reason)
{
	longjmp(refused, (int)reason);
}

static void check_place(const void *untrusted)
{
	if (((const uint8_t *)untrusted - (const uint8_t *)block) % 8 != 0)
		broken("a copy that is not aligned", (uint64_t)untrusted);
}

long copy_out(void *untrusted, const void *from, size_t length)
{
	check_place(untrusted);
	if (transfers != 0)
		broken("the block is written after the answer", length);
	memcpy(untrusted, from, length);
	memset((uint8_t *)untrusted + length, 0, hostcall_room(length) - length);
	return 0;
}

/* What was read changes at once, so that a second look sees something else. */
long copy_in(void *to, const void *untrusted, size_t length)
{
	uint8_t *bytes = (uint8_t *)untrusted;

	check_place(untrusted);
	if (transfers != 1)
		broken("the answer is read before it is there", transfers);
	memcpy(to, bytes, length);
	for (size_t i = 0; i < hostcall_room(length); i++)
		bytes[i] = (uint8_t)(bytes[i] * 5 + 1);
	return 0;
}

void hostcall_transfer(struct hostcall *given)
{
	struct hostcall_block *head = given->block;
	const uint8_t kind = (uint8_t)take_number(&answer, 1);

	if (transfers++ != 0)
		broken("transfers", transfers);
	if (kind & 1)
		take_bytes(&answer, head, sizeof(*head));
	if (!(kind & 2))
		head->answered = given->sequence;
	head->result = take_number(&answer, 8);
	head->out_length = (uint32_t)take_number(&answer, 4);
	take_bytes(&answer, (uint8_t *)head + HOSTCALL_DATA_OFFSET, answer.left);
}

void hostcall_unlock(void)
{
}

void hostcall_lock(void)
{
}

/* Most lengths are small, so that the input is spent on what matters; some are whatever they are. */
static uint64_t argument(struct input *input)
{
	const uint64_t kind = take_number(input, 1);

	return kind & 0x80 ? take_number(input, 8) : kind & 0x40 ? take_number(input, 2) : kind % SMALL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint64_t a[6];
	void *b[6] = { 0 };

	if (size > HOSTCALL_DATA_SIZE)
		return 0;
	if (block == NULL && posix_memalign((void **)&block, 4096, HOSTCALL_BLOCK_SIZE) != 0)
		abort();
	const unsigned row = (unsigned)take_number(&input, 1) % shape_count;
	const struct shape *shape = &shapes[row];
	for (unsigned i = 0; i < 6; i++)
		a[i] = argument(&input);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t elements = 1;

		if (shape->arg[i].kind != BUFFER && shape->arg[i].kind != VALUE_RESULT)
			continue;
		if (shape->arg[i].by >= 0)
			elements = a[shape->arg[i].by];
		if (elements > shape->arg[i].max)
			elements = shape->arg[i].max;
		b[i] = malloc(elements * shape->arg[i].each);
		memset(b[i], 0, elements * shape->arg[i].each);
		take_bytes(&input, b[i], elements * shape->arg[i].each < 24 ? elements * shape->arg[i].each : 24);
		/* A value-result length is what its buffer was made for. */
		if (shape->arg[i].kind == VALUE_RESULT)
			memcpy(b[i], &(uint32_t){ a[i] > shape->arg[i].max ? shape->arg[i].max : (uint32_t)a[i] }, 4);
	}
	answer = input;
	transfers = 0;
	call.block = block;
	if (setjmp(refused) == 0) {
		const long result = call_row(row, &call, a, b);

		if (result < -MAX_ERRNO)
			broken("a result that no system call has", (uint64_t)result);
	}
	for (unsigned i = 0; i < 6; i++)
		free(b[i]);
	return 0;
}
