/* SPDX-License-Identifier: Apache-2.0 */
/* A call, and what it gave: a number, or the name of its error. */
#ifndef MOTTE_SAY_H
#define MOTTE_SAY_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void said(const char *what, long result)
{
	if (result < 0)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: %ld\n", what, result);
}
#define SAY(call) said(#call, (long)(call))

#endif
