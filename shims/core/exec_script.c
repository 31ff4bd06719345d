/* SPDX-License-Identifier: Apache-2.0 */
/* `#!`, by Linux's rules: one name, and all that follows it is one argument. */
#include "include/bytes.h"
#include "include/exec.h"

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static char *skip(char *at, bool blank)
{
	while (*at && is_blank(*at) == blank)
		at++;
	return at;
}

/* Ends the line where it ends, without the blanks before that; false when the interpreter's name may go on. */
static bool end_line(char *line)
{
	char *at = line;

	while (*at && *at != '\n')
		at++;
	if (at == line + SCRIPT_LINE && *skip(skip(line + 2, true), false) == 0)
		return false;
	while (at > line + 2 && is_blank(at[-1]))
		at--;
	*at = 0;
	return true;
}

long exec_read_script(struct file *file, struct exec_script *script)
{
	long got;
	char *at;

	memset(script, 0, sizeof(*script));
	got = exec_get(file, script->line, SCRIPT_LINE, 0);
	if (got < 0)
		return got;
	if (script->line[0] != '#' || script->line[1] != '!')
		return 0;
	if (!end_line(script->line))
		return -ENOEXEC;
	at = skip(script->line + 2, true);
	if (*at == 0)
		return -ENOEXEC;
	script->interpreter = at;
	at = skip(at, false);
	if (*at) {
		*at = 0;
		script->argument = skip(at + 1, true);
	}
	return 1;
}
