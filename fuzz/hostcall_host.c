/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Keep's block is the input: header, what the handlers answer, then the data area. The block is as large as it is to
 * the byte, and the handlers use all that they are given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shapes.h"
#include "hostcall_host.h"

#define GRANTED 3
#define FIRST 100
#define KEEP_SIZE 0x40000000ull

struct keep_host {
	struct input answers;
	uint32_t sum;
};

static struct keep_host *current;

void broken(const char *what, uint64_t value)
{
	fprintf(stderr, "broken: %s 0x%llx\n", what, (unsigned long long)value);
	abort();
}

int keep_host_descriptor(struct keep_host *host, uint64_t handle)
{
	(void)host;
	return handle < GRANTED ? (int)handle + FIRST : -1;
}

int keep_host_range(struct keep_host *host, uint64_t offset, uint64_t length)
{
	(void)host;
	return length <= KEEP_SIZE && offset <= KEEP_SIZE - length;
}

/* The handlers themselves come from the table (thunks). */
void handler_enter(unsigned row)
{
	(void)row;
}

void handler_number(uint64_t value)
{
	current->sum += (uint32_t)value;
}

void handler_descriptor(int fd)
{
	if (fd < FIRST || fd >= FIRST + GRANTED)
		broken("a descriptor that is not granted", (uint64_t)fd);
}

void handler_in(const void *buffer, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		current->sum += ((const uint8_t *)buffer)[i];
}

void handler_out(unsigned arg, void *buffer, uint64_t size)
{
	uint8_t some[32];

	(void)arg;
	take_bytes(&current->answers, some, sizeof(some));
	for (uint64_t i = 0; i < size; i++)
		((uint8_t *)buffer)[i] ^= some[i % sizeof(some)];
}

void handler_length(uint32_t *length)
{
	*length = (uint32_t)take_number(&current->answers, 4);
}

long handler_result(void)
{
	return (long)take_number(&current->answers, 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct keep_host host = { 0 };
	uint8_t answers[8 + 3 * 32 + 2 * 4];
	static uint8_t *block;

	if (block == NULL)
		block = malloc(HOSTCALL_BLOCK_SIZE);
	struct hostcall_block *head = (void *)block;
	memset(block, 0, HOSTCALL_BLOCK_SIZE);
	take_bytes(&input, head, SIZEOF_HOSTCALL_BLOCK);
	head->version = head->version & 0x80 ? head->version : 1;
	/* Half of the inputs name a row, not a number. */
	if (head->reserved_050[0] & 1)
		head->number = shapes[head->number % shape_count].number;
	take_bytes(&input, answers, sizeof(answers));
	take_bytes(&input, block + HOSTCALL_DATA_OFFSET, input.left < HOSTCALL_DATA_SIZE ? input.left : HOSTCALL_DATA_SIZE);
	host.answers = (struct input){ answers, sizeof(answers) };
	current = &host;
	const uint32_t sequence = head->sequence;
	hostcall_serve(&host, block, (head->reserved_050[0] & 2) != 0);
	if (head->answered != sequence)
		broken("an answer to something else", head->answered);
	if (head->out_length > HOSTCALL_DATA_SIZE)
		broken("out_length", head->out_length);
	if ((int64_t)head->result < 0 && ((int64_t)head->result < -4095 || head->out_length != 0))
		broken("an errno that Linux does not have, or with data", head->result);
	return 0;
}
