// SPDX-License-Identifier: Apache-2.0
// What a test says: tst_res(), tst_brk() and what they count.
#define _GNU_SOURCE
#define TST_NO_DEFAULT_MAIN
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tst_test.h"
#include "runner.h"

static struct counts counts;
static bool in_cleanup;
static jmp_buf *end_at;
static pid_t end_thread;

// Each value is loaded by itself: a thread that reports meanwhile is counted in the next look.
struct counts counted(void)
{
	return (struct counts){
		__atomic_load_n(&counts.passed, __ATOMIC_SEQ_CST),
		__atomic_load_n(&counts.failed, __ATOMIC_SEQ_CST),
		__atomic_load_n(&counts.broken, __ATOMIC_SEQ_CST),
		__atomic_load_n(&counts.warned, __ATOMIC_SEQ_CST),
		__atomic_load_n(&counts.skipped, __ATOMIC_SEQ_CST),
	};
}

void reports_in_cleanup(bool yes)
{
	in_cleanup = yes;
}

void reports_end_at(jmp_buf *where)
{
	end_at = where;
	end_thread = gettid();
}

static const char *name_of(int kind, int **counter)
{
	*counter = NULL;
	switch (kind) {
	case TPASS:
		*counter = &counts.passed;
		return "TPASS";
	case TFAIL:
		*counter = &counts.failed;
		return "TFAIL";
	case TBROK:
		*counter = &counts.broken;
		return "TBROK";
	case TWARN:
		*counter = &counts.warned;
		return "TWARN";
	case TCONF:
		*counter = &counts.skipped;
		return "TCONF";
	case TINFO:
		return "TINFO";
	default:
		return "TDEBUG";
	}
}

// The errno that a report names, by its flags; -1: none.
static int errno_of(int type, int now)
{
	if (type & TERRNO)
		return now;
	if (type & TTERRNO)
		return TST_ERR;
	if (type & TRERRNO)
		return (int)labs(TST_RET);
	return -1;
}

// One write a line: reports come from signal handlers and from several threads.
static void report(const char *file, int line, int type, const char *format, va_list values)
{
	const int number = errno_of(type, errno);
	int *counter;
	const char *kind = name_of(TTYPE_RESULT(type), &counter);
	char text[2048];
	const size_t most = sizeof(text) - 1;

	if (TTYPE_RESULT(type) == TDEBUG)
		return;
	size_t length = (size_t)snprintf(text, most, "%s:%d: %s: ", file, line, kind);
	length += (size_t)vsnprintf(text + length, most - length, format, values);
	if (length < most && number >= 0)
		length += (size_t)snprintf(text + length, most - length, ": %s (%d)", tst_strerrno(number), number);
	if (length > most)
		length = most;
	text[length++] = '\n';
	// A report that nobody reads does not change the test.
	if (write(STDERR_FILENO, text, length) < 0)
		errno = number >= 0 ? number : errno;
	if (counter != NULL)
		__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}

void tst_vres_(const char *file, const int line, int type, const char *format, va_list values)
{
	report(file, line, type, format, values);
}

void tst_res_(const char *file, const int line, int type, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	report(file, line, type, format, values);
	va_end(values);
}

void tst_vbrk_(const char *file, const int line, int type, const char *format, va_list values)
{
	if (in_cleanup && TTYPE_RESULT(type) == TBROK)
		type = (type & ~TTYPE_MASK) | TWARN;
	report(file, line, type, format, values);
	if (in_cleanup)
		return;
	if (end_at != NULL && gettid() == end_thread)
		longjmp(*end_at, 1);
	exit(TTYPE_RESULT(type));
}

void tst_brk_(const char *file, const int line, int type, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	tst_vbrk_(file, line, type, format, values);
	va_end(values);
}

void tst_printf(const char *const format, ...)
{
	va_list values;

	va_start(values, format);
	vdprintf(STDERR_FILENO, format, values);
	va_end(values);
}

void tst_flush(void)
{
	if (fflush(stderr) != 0 || fflush(stdout) != 0)
		tst_brk(TBROK | TERRNO, "fflush");
}
