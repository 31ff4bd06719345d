// SPDX-License-Identifier: Apache-2.0
// Ends in a way of its choice: crash HOW. Each function calls the next and is not inlined, so that a backtrace has them all.
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEEP __attribute__((noinline, noclone))

static volatile int zero;
static void (*volatile nothing)(void);

KEEP static int end(const char *how)
{
	if (strcmp(how, "write") == 0)
		*(volatile int *)(uintptr_t)0x18 = 1;
	else if (strcmp(how, "divide") == 0)
		return 7 / zero;
	else if (strcmp(how, "call") == 0)
		nothing();
	else if (strcmp(how, "abort") == 0)
		abort();
	else if (strcmp(how, "undefined") == 0)
		__builtin_trap();
	else if (strcmp(how, "raise") == 0)
		raise(SIGUSR1);
	return zero;
}

/* A frame whose size is only known when it runs: the CFA is found by RBP. */
KEEP static int middle(const char *how, size_t size)
{
	char *room = __builtin_alloca(size);

	memset(room, 1, size);
	return end(how) + room[size - 1];
}

KEEP static int outer(const char *how, int depth)
{
	return depth == 0 ? middle(how, strlen(how) * 16) + 1 : outer(how, depth - 1) * 3;
}

static void handler(int number)
{
	(void)number;
	end("write");
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "write";

	if (strcmp(how, "handler") == 0) {
		signal(SIGUSR1, handler);
		how = "raise";
	}
	return outer(how, 2);
}
