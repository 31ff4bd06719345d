// SPDX-License-Identifier: Apache-2.0
// unsupported: it says that it makes processes.
#include "tst_test.h"

static void run(void)
{
	tst_res(TPASS, "never reached");
}

static struct tst_test test = { .test_all = run, .forks_child = 1 };
