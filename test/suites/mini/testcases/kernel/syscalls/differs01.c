// SPDX-License-Identifier: Apache-2.0
// failed: getpid() is documented, and is 1 in a Keep alone.
#include "tst_test.h"

static void run(void)
{
	tst_res(getpid() > 1 ? TPASS : TFAIL, "getpid");
}

static struct tst_test test = { .test_all = run };
