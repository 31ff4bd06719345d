/* SPDX-License-Identifier: Apache-2.0 */
/* Says that it is there, and sleeps until somebody ends it. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	puts("idle");
	fflush(stdout);
	for (;;)
		sleep(3600);
}
