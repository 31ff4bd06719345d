// SPDX-License-Identifier: Apache-2.0
// elsewhere: cleanup fails, which is a warning; what comes after it in cleanup is still done.
#include "tst_test.h"

static void cleanup(void)
{
	tst_brk(TBROK, "a cleanup that fails");
	tst_res(TINFO, "and goes on");
}

static void run(void)
{
	tst_res(TPASS, "the test itself is right");
}

static struct tst_test test = { .test_all = run, .cleanup = cleanup };
