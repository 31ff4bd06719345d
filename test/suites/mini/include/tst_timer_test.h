/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TST_TIMER_TEST_H
#define TST_TIMER_TEST_H

struct tst_test *tst_timer_test_setup(struct tst_test *test);

#endif
