// SPDX-License-Identifier: Apache-2.0
// Into which a host injects what the program did not do: says `go`, whereupon the host does it, and exits with 7.
//   injected              makes its next system call, exit_group
//   injected signals N    says `go` N times, and then which signal came of each; 0: none
//   injected fault        runs into UD2
//   injected stack ADDR   makes a system call with RSP at ADDR
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t seen;

static void note(int signal)
{
	seen = signal;
}

static int go(void)
{
	return write(STDOUT_FILENO, "go\n", 3) == 3;
}

static int signals(int count)
{
	static const int all[] = { SIGFPE, SIGTRAP, SIGILL, SIGSEGV, SIGBUS };
	int came[64] = { 0 };

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		signal(all[i], note);
	for (int i = 0; i < count && i < 64; i++) {
		seen = 0;
		if (!go())
			return 1;
		came[i] = seen;
	}
	for (int i = 0; i < count && i < 64; i++)
		printf("%d\n", came[i]);
	return 7;
}

// In registers alone: what RSP points to is not the program's.
static void call_from(uint64_t stack)
{
	__asm__ volatile("movq %%rsp, %%r12\n\t"
			 "movq %0, %%rsp\n\t"
			 "syscall\n\t"
			 "movq %%r12, %%rsp"
			 :
			 : "r"(stack), "a"(SYS_getpid)
			 : "rcx", "r11", "r12", "memory");
}

int main(int count, char **args)
{
	if (count > 2 && strcmp(args[1], "signals") == 0)
		return signals(atoi(args[2]));
	if (!go())
		return 1;
	if (count > 1 && strcmp(args[1], "fault") == 0)
		__builtin_trap();
	if (count > 2 && strcmp(args[1], "stack") == 0)
		call_from(strtoull(args[2], NULL, 0));
	return 7;
}
