/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says about the application. */
#include "../include/bytes.h"
#include "../include/capability.h"
#include "../include/clock.h"
#include "../include/files.h"
#include "../include/limits.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/proc.h"
#include "../include/task.h"

/* Where its first stack begins: argc, as System V has it. It is the application's, and may be changed or gone. */
static uint64_t first_stack;
static uint64_t threads = 1;

/* The file that the program came from; NULL: it is in no file. */
static struct file *program;

struct file *proc_program(void)
{
	return program ? file_hold(program) : NULL;
}

/* At boot, when nobody but the image can have put something there. */
void fs_find_program(void)
{
	struct file *file;

	if (!fs_open(NULL, PROGRAM_PATH, O_RDONLY, 0, 0, &file))
		program = file;
}

void fs_set_program(struct file *file)
{
	if (program)
		(void)file_drop(program);
	program = file;
}

void fs_program(uint64_t stack, uint64_t thread_count)
{
	first_stack = stack;
	threads = thread_count;
}

uint64_t proc_threads(void)
{
	return threads;
}

/* A word of the first stack; 0 if it cannot be read. */
static uint64_t stack_word(uint64_t index)
{
	uint64_t at = first_stack + index * sizeof(uint64_t);

	return memory_touch(at, sizeof(uint64_t), PERM_R) ? 0 : *(const uint64_t *)at;
}

/* The words after the `lists`th NULL: 0 the arguments, 1 the environment, 2 the auxiliary vector. */
static uint64_t list_at(unsigned lists)
{
	uint64_t index = 1;

	for (; lists > 0; lists--) {
		while (stack_word(index))
			index++;
		index++;
	}
	return index;
}

static void put_string(struct fs_node *file, uint64_t at, bool with_end)
{
	char byte;

	while (memory_touch(at, 1, PERM_R) == 0) {
		byte = *(const char *)at++;
		if (byte || with_end)
			text_bytes(file, &byte, 1);
		if (!byte)
			return;
	}
}

static void put_list(struct fs_node *file, unsigned list)
{
	for (uint64_t index = list_at(list); stack_word(index); index++)
		put_string(file, stack_word(index), true);
}

static void put_auxiliary(struct fs_node *file)
{
	uint64_t index = list_at(2), pair[2];

	do {
		pair[0] = stack_word(index++);
		pair[1] = stack_word(index++);
		text_bytes(file, pair, sizeof(pair));
	} while (pair[0] != AT_NULL);
}

/* Of the first task, or of who is left when it has ended. */
static void put_comm(struct fs_node *file)
{
	const struct task *task = task_find(TASK_FIRST);

	text_put(file, task ? task->name : task_first()->name);
}

struct range {
	uint64_t start, end;
	uint8_t state;
};

/* The next range of pages that are mapped and permit the same; `range->end` is where to look from. */
static bool next_range(struct range *range)
{
	uint64_t end = platform_keep().end, part;
	uint8_t state = 0;

	for (range->start = range->end; range->start < end; range->start += part << PAGE_SHIFT) {
		part = memory_run(range->start, (end - range->start) >> PAGE_SHIFT, &range->state);
		if (range->state & PAGE_MAPPED)
			break;
	}
	for (range->end = range->start; range->end < end; range->end += part << PAGE_SHIFT) {
		part = memory_run(range->end, (end - range->end) >> PAGE_SHIFT, &state);
		if ((state ^ range->state) & (PAGE_MAPPED | PERM_MASK | PAGE_IMAGE))
			break;
	}
	return range->start < end;
}

static void put_maps(struct fs_node *file)
{
	struct range range = { .end = platform_keep().start };

	while (next_range(&range)) {
		text_hex(file, range.start, 8);
		text_put(file, "-");
		text_hex(file, range.end, 8);
		text_put(file, range.state & PERM_R ? " r" : " -");
		text_put(file, range.state & PERM_W ? "w" : "-");
		text_put(file, range.state & PERM_X ? "x" : "-");
		text_put(file, "p 00000000 00:00 0 ");
		if (range.state & PAGE_IMAGE)
			text_put(file, "                         " PROGRAM_PATH);
		else if (first_stack >= range.start && first_stack < range.end)
			text_put(file, "                         [stack]");
		text_put(file, "\n");
	}
}

static uint64_t mapped_pages(void)
{
	struct range range = { .end = platform_keep().start };
	uint64_t pages = 0;

	while (next_range(&range))
		pages += (range.end - range.start) >> PAGE_SHIFT;
	return pages;
}

static uint64_t task_count(void)
{
	uint64_t count = 0;

	for (const struct task *task = task_first(); task; task = task->next)
		count++;
	return count;
}

/* The process's state is its first thread's. */
static bool is_asleep(void)
{
	const struct task *task = task_find(TASK_FIRST);

	return task && task->wait.asleep;
}

/* Time of processors in hundredths of a second, as getrusage() has it: the program's, and what the shim took is in it. */
static uint64_t ticks_used(void)
{
	struct timespec used;

	if (clock_read(CLOCK_PROCESS_CPUTIME_ID, &used))
		return 0;
	return (uint64_t)used.tv_sec * 100 + (uint64_t)used.tv_nsec / 10000000;
}

/* proc(5): 52 fields. What is the host's to know is 0. */
static void put_stat(struct fs_node *file)
{
	text_put(file, "1 (");
	put_comm(file);
	text_put(file, is_asleep() ? ") S" : ") R");
	text_put(file, " 0 1 1 0 -1 4194304 0 0 0 0 ");
	text_number(file, ticks_used());
	text_put(file, " 0 0 0 20 0 ");
	text_number(file, task_count());
	text_put(file, " 0 0 ");
	text_number(file, mapped_pages() << PAGE_SHIFT);
	text_put(file, " ");
	text_number(file, mapped_pages());
	text_put(file, " 18446744073709551615 0 0 ");
	text_number(file, first_stack);
	text_put(file, " 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
}

static void put_statm(struct fs_node *file)
{
	text_number(file, mapped_pages());
	text_put(file, " ");
	text_number(file, mapped_pages());
	text_put(file, " 0 0 0 0 0\n");
}

static void put_capabilities(struct fs_node *file)
{
	const struct capabilities *now = capabilities();
	const struct {
		const char *name;
		uint64_t set;
	} rows[] = {
		{ "\nCapInh:\t", now->inheritable }, { "\nCapPrm:\t", now->permitted }, { "\nCapEff:\t", now->effective },
		{ "\nCapBnd:\t", now->bounding },    { "\nCapAmb:\t", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text_put(file, rows[i].name);
		text_hex(file, rows[i].set, 16);
	}
}

static void put_status(struct fs_node *file)
{
	text_put(file, "Name:\t");
	put_comm(file);
	text_put(file, "\nUmask:\t0");
	text_number(file, (fs_umask() >> 6) * 100 + ((fs_umask() >> 3) & 7) * 10 + (fs_umask() & 7));
	text_put(file, "\nState:\t"),
	text_put(file, is_asleep() ? "S (sleeping)" : "R (running)");
	text_put(file, "\nTgid:\t1\nNgid:\t0\nPid:\t1\nPPid:\t0\nTracerPid:\t0\n"
		       "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t");
	text_number(file, FILES_MOST);
	text_put(file, "\nGroups:\t\nVmSize:\t");
	text_number(file, mapped_pages() << 2);
	text_put(file, " kB\nVmRSS:\t");
	text_number(file, mapped_pages() << 2);
	text_put(file, " kB\nThreads:\t");
	text_number(file, task_count());
	put_capabilities(file);
	text_put(file, "\nSeccomp:\t0\n");
}

/* Linux's columns: 26, 21, 21 and 10 letters. */
static void put_column(struct fs_node *file, const char *text, size_t width)
{
	text_put(file, text);
	for (size_t length = strlen(text); length < width; length++)
		text_put(file, " ");
}

static void put_limit(struct fs_node *file, uint64_t limit)
{
	char digits[21] = { 0 };
	size_t at = sizeof(digits) - 1;

	if (limit == RLIM_INFINITY)
		return put_column(file, "unlimited", 21);
	do
		digits[--at] = (char)('0' + limit % 10);
	while (limit /= 10);
	put_column(file, digits + at, 21);
}

static void put_limits(struct fs_node *file)
{
	static const struct {
		const char *name, *unit;
	} rows[] = {
		{ "Max cpu time", "seconds" },	     { "Max file size", "bytes" },
		{ "Max data size", "bytes" },	     { "Max stack size", "bytes" },
		{ "Max core file size", "bytes" },   { "Max resident set", "bytes" },
		{ "Max processes", "processes" },    { "Max open files", "files" },
		{ "Max locked memory", "bytes" },    { "Max address space", "bytes" },
		{ "Max file locks", "locks" },	     { "Max pending signals", "signals" },
		{ "Max msgqueue size", "bytes" },    { "Max nice priority", "" },
		{ "Max realtime priority", "" },     { "Max realtime timeout", "us" },
	};

	text_put(file, "Limit                     Soft Limit           Hard Limit           Units     \n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_column(file, rows[i].name, 26);
		put_limit(file, limit_of(i)->now);
		put_limit(file, limit_of(i)->most);
		put_column(file, rows[i].unit, 10);
		text_put(file, "\n");
	}
}

void proc_process(struct fs_node *file, enum proc_text what)
{
	switch (what) {
	case PROC_CMDLINE:
		return put_list(file, 0);
	case PROC_ENVIRON:
		return put_list(file, 1);
	case PROC_AUXV:
		return put_auxiliary(file);
	case PROC_COMM:
		put_comm(file);
		return text_put(file, "\n");
	case PROC_MAPS:
		return put_maps(file);
	case PROC_STAT:
		return put_stat(file);
	case PROC_STATM:
		return put_statm(file);
	case PROC_STATUS:
		return put_status(file);
	case PROC_LIMITS:
		return put_limits(file);
	default:
		return;
	}
}
