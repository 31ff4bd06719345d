// SPDX-License-Identifier: Apache-2.0
// Runs a program whose CPUID instructions are UD2, and answers each as the shim would: cpuid_trace XFRM FILE ARG…
// Ends as the program does. Emulation cannot trap CPUID here, so this is where real start-up code meets the policy.
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../../../core/generated/keep.h"
#include "../../../core/generated/sgx.h"

/* Not by sgx_keep.h: the core's names of what signals are made of are the C library's. */
void cpuid_answer(struct gprsgx *gpr);

/* KEEP_INFO is one page after the shim's end. */
_Alignas(PAGE_SIZE) __attribute__((section(".data"))) uint8_t shim_end_pages[2 * PAGE_SIZE];
__asm__(".globl shim_end\n.set shim_end, shim_end_pages");

#define UD2 0x0b0f

static bool answer(pid_t child)
{
	struct user_regs_struct regs;
	struct gprsgx gpr = { 0 };

	if (ptrace(PTRACE_GETREGS, child, NULL, &regs) != 0)
		return false;
	errno = 0;
	if ((ptrace(PTRACE_PEEKTEXT, child, (void *)regs.rip, NULL) & 0xffff) != UD2 || errno != 0)
		return false;
	gpr.rax = regs.rax;
	gpr.rcx = regs.rcx;
	cpuid_answer(&gpr);
	regs.rax = gpr.rax;
	regs.rbx = gpr.rbx;
	regs.rcx = gpr.rcx;
	regs.rdx = gpr.rdx;
	regs.rip += 2;
	return ptrace(PTRACE_SETREGS, child, NULL, &regs) == 0;
}

int main(int argc, char **argv)
{
	struct keep_info *info = (struct keep_info *)(shim_end_pages + PAGE_SIZE);
	int status, answers = 0;
	pid_t child;

	if (argc < 3)
		return 2;
	info->xfrm = strtoull(argv[1], NULL, 16);
	child = fork();
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(argv[2], argv + 2);
		_exit(127);
	}
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
		int number = WSTOPSIG(status);

		if (number == SIGTRAP) /* execve() */
			number = 0;
		if (number == SIGILL && answer(child)) {
			answers++;
			number = 0;
		}
		ptrace(PTRACE_CONT, child, NULL, (void *)(uintptr_t)number);
	}
	fprintf(stderr, "%d answers\n", answers);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
