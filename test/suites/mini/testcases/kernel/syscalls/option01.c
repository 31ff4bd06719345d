// SPDX-License-Identifier: Apache-2.0
// passed: with -i 2 -n 5 of the list it reports twice.
#include "tst_test.h"

static char *number;

static void run(void)
{
	int value = 0;

	if (tst_parse_int(number, &value, 1, 9) != 0 || value != 5)
		tst_brk(TBROK, "-n is not 5");
	tst_res(TPASS, "-n 5");
}

static struct tst_test test = {
	.test_all = run,
	.options = (struct tst_option[]){ { "n:", &number, "a number" }, { 0 } },
};
