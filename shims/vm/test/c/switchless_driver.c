/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the shim asks without leaving (switchless.c), of hosts of each kind: a line for each with what it makes of it, how often it has
 * looked, and what it has left in `state`.
 */
#include <stdio.h>
#include <string.h>
#include "../../include/switchless.h"
#include "../../../core/generated/hostcall_prompt.h"
#include "../../../core/generated/vm_map.h"
#include "../../../core/generated/vm_switchless.h"

#define READ 0
#define CLOCK_GETTIME 228

static struct {
	_Alignas(8) uint8_t bytes[HOSTCALL_BLOCK_SIZE];
} block;

static unsigned looks, answers_after; /* 0: never */

static struct vm_switchless *words(void)
{
	return (struct vm_switchless *)(block.bytes + (VM_MAP_SWITCHLESS - VM_MAP_SHARED));
}

long copy_out(void *untrusted, const void *from, size_t length)
{
	memcpy(untrusted, from, length);
	return 0;
}

/* A host that has its turn between two looks at `state`. */
long copy_in(void *to, const void *untrusted, size_t length)
{
	if (untrusted == &words()->state && words()->state == SWITCHLESS_ASKED && ++looks == answers_after)
		words()->state = SWITCHLESS_ANSWERED;
	memcpy(to, untrusted, length);
	return 0;
}

static void ask(const char *what, uint32_t number, uint64_t watched, uint64_t state, unsigned after)
{
	const struct hostcall call = { .block = (struct hostcall_block *)block.bytes, .head = { .number = number } };
	bool answered;

	looks = 0;
	answers_after = after;
	*words() = (struct vm_switchless){ .state = state, .watched = watched };
	answered = switchless_answered(&call);
	printf("%s: %s, %u looks, state %llu\n", what, answered ? "answered" : "leaves", looks, (unsigned long long)words()->state);
}

int main(void)
{
	ask("nobody watches", CLOCK_GETTIME, 0, SWITCHLESS_NONE, 1);
	ask("nobody watches, and says that it has answered", CLOCK_GETTIME, 0, SWITCHLESS_ANSWERED, 1);
	ask("answers at once", CLOCK_GETTIME, 1, SWITCHLESS_NONE, 1);
	ask("watches by another word", CLOCK_GETTIME, ~0ull, SWITCHLESS_NONE, 1);
	ask("answers later", CLOCK_GETTIME, 1, SWITCHLESS_NONE, 900);
	ask("answers too late", CLOCK_GETTIME, 1, SWITCHLESS_NONE, 1001);
	ask("never answers", CLOCK_GETTIME, 1, SWITCHLESS_NONE, 0);
	ask("has answered the call before", CLOCK_GETTIME, 1, SWITCHLESS_ANSWERED, 0);
	ask("is asked what may take its time", READ, 1, SWITCHLESS_NONE, 1);
	for (uint32_t number = 0; number < 0x10020; number++)
		if (hostcall_is_prompt(number))
			printf("prompt %u\n", number);
	return 0;
}
