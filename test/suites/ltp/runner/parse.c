// SPDX-License-Identifier: Apache-2.0
// Values of options and of the environment, as LTP's library parses them: 0 or an errno.
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include "tst_parse.h"

// The end of a number must be the end of the text, or the unit that follows it.
static int checked(const char *text, const char *end, bool within)
{
	if (end == text || *end != '\0')
		return EINVAL;
	return within && errno != ERANGE ? 0 : ERANGE;
}

int tst_parse_long(const char *text, long *value, long least, long most)
{
	char *end;

	if (text == NULL)
		return 0;
	errno = 0;
	*value = strtol(text, &end, 0);
	return checked(text, end, *value >= least && *value <= most);
}

int tst_parse_int(const char *text, int *value, int least, int most)
{
	long wide = 0;

	if (text == NULL)
		return 0;
	const int error = tst_parse_long(text, &wide, least, most);
	if (error == 0)
		*value = (int)wide;
	return error;
}

int tst_parse_float(const char *text, float *value, float least, float most)
{
	char *end;

	if (text == NULL)
		return 0;
	errno = 0;
	*value = strtof(text, &end);
	return checked(text, end, *value >= least && *value <= most);
}

int tst_parse_filesize(const char *text, long long *value, long long least, long long most)
{
	char *end;
	int shift = 0;

	if (text == NULL)
		return 0;
	errno = 0;
	*value = strtoll(text, &end, 0);
	if (end != text && *end != '\0') {
		switch (*end++) {
		case 'k':
		case 'K':
			shift = 10;
			break;
		case 'm':
		case 'M':
			shift = 20;
			break;
		case 'g':
		case 'G':
			shift = 30;
			break;
		default:
			return EINVAL;
		}
	}
	if (*value > LLONG_MAX >> shift || *value < LLONG_MIN >> shift)
		return ERANGE;
	*value *= 1LL << shift;
	return checked(text, end, *value >= least && *value <= most);
}
