/* SPDX-License-Identifier: Apache-2.0 */
/* Writes until nobody reads. The argument says what SIGPIPE does: `ignore`, `handle`, or none for its default. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void note(int number)
{
	fprintf(stderr, "signal %d\n", number);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		signal(SIGPIPE, argv[1][0] == 'i' ? SIG_IGN : note);
	while (write(1, "line\n", 5) == 5)
		;
	perror("write");
	return 3;
}
