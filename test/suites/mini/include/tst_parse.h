/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TST_PARSE_H
#define TST_PARSE_H

int tst_parse_int(const char *text, int *value, int least, int most);
int tst_parse_long(const char *text, long *value, long least, long most);
int tst_parse_float(const char *text, float *value, float least, float most);
int tst_parse_filesize(const char *text, long long *value, long long least, long long most);

#endif
