// SPDX-License-Identifier: Apache-2.0
// What glibc says of the CPU, as a build that chooses its code by it would ask.
#include <stdio.h>
#include <sys/platform/x86.h>

int main(void)
{
	puts(CPU_FEATURE_ACTIVE(AVX2) ? "with AVX2" : "without AVX2");
	return 0;
}
