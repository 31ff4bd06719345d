// SPDX-License-Identifier: Apache-2.0
// unsupported: it makes a call that no Keep answers.
#include <sys/syscall.h>
#include <unistd.h>
#include "tst_test.h"

static void run(void)
{
	tst_res(syscall(SYS_ioprio_get, 1, 0) >= 0 ? TPASS : TFAIL | TERRNO, "ioprio_get");
}

static struct tst_test test = { .test_all = run };
