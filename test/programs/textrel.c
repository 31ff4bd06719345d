// SPDX-License-Identifier: Apache-2.0
// An address in read-only text: linked with -z notext this gives DT_TEXTREL.
#include <stdio.h>

__asm__(".text\n.globl in_text\nin_text: .quad main\n");
extern const unsigned long in_text;

int main(void)
{
	printf("%d\n", in_text != 0);
	return 0;
}
