// SPDX-License-Identifier: Apache-2.0
// passed: three cases in two variants with a setup of its own each, in a temporary folder.
#include "tst_test.h"

static unsigned int prepared;

static void setup(void)
{
	prepared++;
}

static void run(unsigned int number)
{
	if (prepared == tst_variant + 1)
		tst_res(TPASS, "case %u of variant %u", number, tst_variant);
	else
		tst_res(TFAIL, "setup was called %u times", prepared);
}

static struct tst_test test = { .tcnt = 3, .test_variants = 2, .needs_tmpdir = 1, .setup = setup, .test = run };
