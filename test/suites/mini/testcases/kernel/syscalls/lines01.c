// SPDX-License-Identifier: Apache-2.0
// failed: it passes on both sides, by another line.
#include "tst_test.h"

static void run(void)
{
	if (getpid() == 1)
		tst_res(TPASS, "the first process");
	else
		tst_res(TPASS, "another process");
}

static struct tst_test test = { .test_all = run };
