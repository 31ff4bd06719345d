// SPDX-License-Identifier: Apache-2.0
// elsewhere: a test that reports nothing is broken.
#include "tst_test.h"

static void run(void)
{
}

static struct tst_test test = { .test_all = run };
