// SPDX-License-Identifier: Apache-2.0
// elsewhere: no kernel is new enough.
#include "tst_test.h"

static void run(void)
{
	tst_res(TPASS, "never reached");
}

static struct tst_test test = { .test_all = run, .min_kver = "99.0" };
