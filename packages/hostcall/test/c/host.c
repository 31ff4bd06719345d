/* SPDX-License-Identifier: Apache-2.0 */
/* What a loader provides to the generated dispatcher, with handlers that answer as told, and a Keep that lies. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include "harness.h"
#include "hostcall_host.h"

/* Handle n is granted when it is below GRANTED, and stands for descriptor n + FIRST. */
#define GRANTED 3
#define FIRST 100
#define KEEP_SIZE 0x40000000ull
#define MAX_PATCHES 64
#define PATCH_SIZE 256

struct keep_host {
	unsigned called;
	unsigned row;
	uint32_t arguments; /* hash of what the handler was given */
};

static struct keep_host keep;

static struct {
	uint64_t result;
	uint32_t length;
	uint32_t fill;
	unsigned patches;
	struct {
		unsigned arg;
		uint64_t at;
		unsigned size;
		uint8_t bytes[PATCH_SIZE];
	} patch[MAX_PATCHES];
} script;

void script_read(void)
{
	script.result = token_number();
	script.length = (uint32_t)token_number();
	script.fill = (uint32_t)token_number();
	script.patches = (unsigned)token_number();
	if (script.patches > MAX_PATCHES)
		broken("patches", script.patches);
	for (unsigned i = 0; i < script.patches; i++) {
		script.patch[i].arg = (unsigned)token_number();
		script.patch[i].at = token_number();
		script.patch[i].size = token_bytes(script.patch[i].bytes, PATCH_SIZE);
	}
}

void script_report(void)
{
	printf(" called %x %x %x", keep.called, keep.row, keep.arguments);
}

int keep_host_descriptor(struct keep_host *host, uint64_t handle)
{
	if (host != &keep)
		broken("another Keep", 0);
	return handle < GRANTED ? (int)handle + FIRST : -1;
}

int keep_host_range(struct keep_host *host, uint64_t offset, uint64_t length)
{
	if (host != &keep)
		broken("another Keep", 0);
	return length <= KEEP_SIZE && offset <= KEEP_SIZE - length;
}

void handler_enter(unsigned row)
{
	keep.called++;
	keep.row = row;
	keep.arguments = 0x811c9dc5u;
}

void handler_number(uint64_t value)
{
	keep.arguments = hash(keep.arguments, &value, sizeof(value));
}

void handler_descriptor(int fd)
{
	if (fd < FIRST || fd >= FIRST + GRANTED)
		broken("a descriptor that is not granted", (uint64_t)fd);
	handler_number((uint64_t)fd);
}

void handler_in(const void *buffer, uint64_t size)
{
	keep.arguments = hash(keep.arguments, buffer, size);
}

void handler_out(unsigned arg, void *buffer, uint64_t size)
{
	if (script.fill != 0)
		stream(buffer, size, script.fill);
	for (unsigned i = 0; i < script.patches; i++)
		if (script.patch[i].arg == arg && script.patch[i].at + script.patch[i].size <= size)
			memcpy((uint8_t *)buffer + script.patch[i].at, script.patch[i].bytes, script.patch[i].size);
}

void handler_length(uint32_t *length)
{
	handler_number(*length);
	*length = script.length;
}

long handler_result(void)
{
	return (long)script.result;
}

/* `elsewhere`: on another thread than the one that the block belongs to. */
void serve_scripted(void *block, int elsewhere)
{
	memset(&keep, 0, sizeof(keep));
	hostcall_serve(&keep, block, elsewhere);
}

void host_case(void)
{
	static uint8_t before[HOSTCALL_BLOCK_SIZE];
	static uint8_t after[HOSTCALL_BLOCK_SIZE];

	const uint64_t limit = token_number();

	if (limit > HOSTCALL_DATA_SIZE)
		broken("a limit outside of the data area", limit);
	memset(block_view, 0, HOSTCALL_DATA_OFFSET);
	token_patches(block_view + HOSTCALL_DATA_OFFSET, HOSTCALL_DATA_SIZE, 1);
	token_patches(block_view, SIZEOF_HOSTCALL_BLOCK, 0);
	const int step = (int)token_number();
	const int elsewhere = (int)token_number();
	script_read();
	memcpy(before, block_view, sizeof(before));
	if (step)
		step_case(1);
	serve_scripted(block_view, elsewhere);
	if (step)
		step_case(0);
	memcpy(after, block_view, sizeof(after));

	const struct hostcall_block *head = (const void *)after;
	const struct hostcall_block *sent = (const void *)before;
	if (head->answered != sent->sequence)
		broken("an answer to something else", head->answered);
	if (head->out_length > limit)
		broken("more than there is room for", head->out_length);
	printf("serve %llx %x %x", (unsigned long long)head->result, head->out_length,
	       hash(0x811c9dc5u, after + HOSTCALL_DATA_OFFSET, head->out_length));
	/* Apart from the answer and the data, nothing may change; stepping changes what was read itself. */
	if (!step) {
		if (memcmp(after + HOSTCALL_DATA_OFFSET + limit, before + HOSTCALL_DATA_OFFSET + limit,
			   HOSTCALL_DATA_SIZE - limit) != 0)
			broken("data beyond the buffers is changed", limit);
		memcpy(after + OFF_HOSTCALL_BLOCK_RESULT, before + OFF_HOSTCALL_BLOCK_RESULT, 8);
		memcpy(after + OFF_HOSTCALL_BLOCK_OUT_LENGTH, before + OFF_HOSTCALL_BLOCK_OUT_LENGTH, 4);
		memcpy(after + OFF_HOSTCALL_BLOCK_ANSWERED, before + OFF_HOSTCALL_BLOCK_ANSWERED, 4);
		if (memcmp(after, before, HOSTCALL_DATA_OFFSET) != 0)
			broken("the header is changed", 0);
	}
	script_report();
	putchar('\n');
}
