// SPDX-License-Identifier: Apache-2.0
// unsupported: it makes a process without saying so.
#include <sys/wait.h>
#include "tst_test.h"

static void run(void)
{
	int status = 1;
	const pid_t child = fork();

	if (child == 0)
		_exit(0);
	if (child < 0 || waitpid(child, &status, 0) != child)
		tst_brk(TBROK | TERRNO, "fork");
	tst_res(status == 0 ? TPASS : TFAIL, "a child");
}

static struct tst_test test = { .test_all = run };
