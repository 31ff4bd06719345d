// SPDX-License-Identifier: Apache-2.0
// passed: it makes a call that is not documented, and wants the ENOSYS that it gets on both sides.
#include <errno.h>
#include <sys/syscall.h>
#include "tst_test.h"

static void run(void)
{
	TST_RET = syscall(9999);
	tst_res(TST_RET == -1 && errno == ENOSYS ? TPASS : TFAIL | TERRNO, "call 9999");
}

static struct tst_test test = { .test_all = run };
