/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A runner for tests of the Linux Test Project that makes no processes: it stands in its library in the place
 * of tst_test.c, which runs each test in a child. What LTP declares it defines; the rest is here.
 */
#ifndef MOTTE_RUNNER_H
#define MOTTE_RUNNER_H

#include <setjmp.h>
#include <stdbool.h>

/* What a test has reported, by kind; threads report too. */
struct counts {
	int passed, failed, broken, warned, skipped;
};

/* Since the test began. */
struct counts counted(void);

/* While this is set, a report that would end the test goes on as a warning: cleanup shall come to its end. */
void reports_in_cleanup(bool yes);

/* Where tst_brk() of the thread that runs the test goes; NULL: it exits. */
void reports_end_at(jmp_buf *where);

/* Why a test cannot run in one process with nothing of the machine's; NULL: it can. */
struct tst_test;
const char *unsupported(const struct tst_test *test);

/* Exit statuses beyond LTP's own, which are sums of the kinds of reports. */
#define EXIT_UNSUPPORTED 77

#endif
