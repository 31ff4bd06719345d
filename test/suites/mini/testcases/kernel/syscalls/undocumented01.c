// SPDX-License-Identifier: Apache-2.0
// unsupported: it makes a call that no Keep answers.
#include <sys/personality.h>
#include "tst_test.h"

static void run(void)
{
	tst_res(personality(0xffffffff) >= 0 ? TPASS : TFAIL | TERRNO, "personality");
}

static struct tst_test test = { .test_all = run };
