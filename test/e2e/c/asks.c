// SPDX-License-Identifier: Apache-2.0
// Asks twice for what no Keep does, and goes on.
#include <sys/syscall.h>

__attribute__((noinline)) static long ask(void)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_io_uring_setup), "D"(8), "S"(0x1234) : "rcx", "r11", "memory");
	return result;
}

int main(void)
{
	return ask() == ask() ? 0 : 1;
}
