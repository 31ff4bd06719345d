// SPDX-License-Identifier: Apache-2.0
// Of LTP's library, what our runner calls. The tests of this tree ask for nothing that would need more.
#define _GNU_SOURCE
#define TST_NO_DEFAULT_MAIN
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "tst_test.h"
#include "tst_timer_test.h"

volatile void *tst_futexes;
unsigned int tst_max_futexes;

static char folder[64];

void tst_tmpdir(void)
{
	const char *root = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/XXXXXX", root != NULL ? root : "/tmp");
	if (mkdtemp(folder) == NULL)
		tst_brk(TBROK | TERRNO, "mkdtemp %s", folder);
}

void tst_rmdir(void)
{
	rmdir(folder);
}

int tst_tmpdir_created(void)
{
	return folder[0] != '\0';
}

const char *tst_strerrno(int number)
{
	return strerrorname_np(number);
}

const char *tst_strstatus(int status)
{
	return status == 0 ? "success" : "failure";
}

int tst_parse_kver(const char *text, int *first, int *second, int *third)
{
	*third = 0;
	return sscanf(text, "%d.%d.%d", first, second, third) >= 2 ? 0 : 1;
}

int tst_kvercmp(int first, int second, int third)
{
	struct utsname name;
	int found[3];

	if (uname(&name) != 0 || tst_parse_kver(name.release, &found[0], &found[1], &found[2]) != 0)
		tst_brk(TBROK | TERRNO, "uname");
	return (found[0] - first) * 1000000 + (found[1] - second) * 1000 + found[2] - third;
}

void tst_buffers_alloc(void *buffers)
{
	(void)buffers;
}

void tst_free_all(void)
{
}

void tst_cap_setup(void *capabilities, unsigned int action)
{
	(void)capabilities;
	(void)action;
}

struct tst_test *tst_timer_test_setup(struct tst_test *test)
{
	return test;
}
