// SPDX-License-Identifier: Apache-2.0
// cpuid.c for a XFRM: cpuid_table XFRM < lines of LEAF SUBLEAF, hexadecimal; a line of EAX EBX ECX EDX each.
#include <stdio.h>
#include <string.h>
#include "../../include/sgx_keep.h"

/* KEEP_INFO is one page after this. */
_Alignas(PAGE_SIZE) __attribute__((section(".data"))) uint8_t shim_end_pages[2 * PAGE_SIZE];
__asm__(".globl shim_end\n.set shim_end, shim_end_pages");

int main(int argc, char **argv)
{
	struct keep_info *info = (struct keep_info *)(uintptr_t)keep_info();
	unsigned long long xfrm;
	unsigned leaf, subleaf;

	if (argc != 2 || sscanf(argv[1], "%llx", &xfrm) != 1)
		return 2;
	info->xfrm = xfrm;
	while (scanf("%x %x", &leaf, &subleaf) == 2) {
		struct gprsgx gpr;

		memset(&gpr, 0xff, sizeof(gpr));
		gpr.rax = 0xffffffff00000000ull | leaf;
		gpr.rcx = 0xffffffff00000000ull | subleaf;
		cpuid_answer(&gpr);
		printf("%llx %llx %llx %llx\n", (unsigned long long)gpr.rax, (unsigned long long)gpr.rbx,
		       (unsigned long long)gpr.rcx, (unsigned long long)gpr.rdx);
	}
	return 0;
}
