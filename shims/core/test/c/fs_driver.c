/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system within the Keep, driven by commands on standard input, a line each; a line comes back for each. A line
 * `begin` starts anew: what follows runs in a process of its own, as the shim's state has no end.
 */
#include <string.h>
#include <unistd.h>
#include "../../include/capability.h"
#include "../../include/clock.h"
#include "../../include/fs.h"
#include "../../include/memory.h"
#include "../../include/platform.h"
#include "../../include/random.h"
#include "../../include/task.h"
#include "../../include/user.h"
#include "model.h"

/* <sys/wait.h> has names of linux.h's. */
int wait(int *status);

const struct capabilities *capabilities(void)
{
	static const struct capabilities none;

	return &none;
}

#define ARENA_PAGES 16384ull
#define SLOTS 8
#define BUFFER 65536

static _Alignas(4096) uint8_t arena[ARENA_PAGES * 4096];
static uint8_t taken[ARENA_PAGES];
static uint64_t pages_taken, pages_most = ARENA_PAGES;
static struct file *slots[SLOTS];
static uint8_t buffer[BUFFER];

/* ---- what the shim's own has in place of memory, time and luck ---- */

uint64_t memory_take(uint64_t pages)
{
	uint64_t found = 0, page;

	if (pages_taken + pages > pages_most)
		return 0;
	for (page = ARENA_PAGES; page > 0 && found < pages; page--)
		found = taken[page - 1] ? 0 : found + 1;
	if (found < pages)
		return 0;
	memset(taken + page, 1, pages);
	memset(arena + (page << PAGE_SHIFT), 0, pages << PAGE_SHIFT);
	pages_taken += pages;
	return (uint64_t)arena + (page << PAGE_SHIFT);
}

void memory_give(uint64_t address, uint64_t pages)
{
	uint64_t page = (address - (uint64_t)arena) >> PAGE_SHIFT;

	for (uint64_t i = page; i < page + pages; i++)
		CHECK(taken[i]);
	memset(taken + page, 0, pages);
	memset(arena + (page << PAGE_SHIFT), 0xdd, pages << PAGE_SHIFT); /* whoever still uses it will be seen */
	pages_taken -= pages;
}

void memory_ready(uint64_t address, uint64_t length)
{
	for (uint64_t i = 0; i < length; i += PAGE_BYTES)
		CHECK(taken[(address + i - (uint64_t)arena) >> PAGE_SHIFT]);
}

long memory_touch(uint64_t address, uint64_t length, unsigned need)
{
	(void)need;
	return length && address < PAGE_BYTES ? -EFAULT : 0;
}

uint64_t memory_heap_pages(void)
{
	return ARENA_PAGES;
}

long clock_read(int32_t clock, struct timespec *time)
{
	(void)clock;
	*time = (struct timespec){ 1000, 0 };
	fs_time(time);
	return 0;
}

/* Nobody waits. */
void wait_changed(void)
{
}

long wait_event(struct pollfd *fds, uint64_t count, const struct timespec *deadline)
{
	(void)fds, (void)count, (void)deadline;
	return -EINTR;
}

/* Nothing of /proc is compared here; it is there. */
struct span platform_keep(void)
{
	return (struct span){ 0, 0 };
}

uint64_t memory_run(uint64_t address, uint64_t pages, uint8_t *state)
{
	(void)address;
	*state = 0;
	return pages;
}

struct file *files_get(uint64_t fd)
{
	(void)fd;
	return NULL;
}

static struct task alone;

struct task *task_first(void)
{
	return &alone;
}

struct task *task_self(void)
{
	return &alone;
}

/* No limit is set. */
long signal_send(struct task *to, const struct siginfo *info)
{
	(void)to;
	(void)info;
	return 0;
}

struct task *task_find(uint64_t wanted)
{
	(void)wanted;
	return NULL;
}

long file_stat(struct file *file, struct stat *to)
{
	fs_stat(file, to);
	return 0;
}

void random_bytes(void *to, size_t length)
{
	memset(to, 4, length);
}

long user_put(uint64_t to, const void *from, size_t length)
{
	memcpy((void *)to, from, length);
	return 0;
}

_Noreturn void keep_refuse(uint32_t reason)
{
	fprintf(stderr, "refused: %u\n", reason);
	exit(1);
}

struct file *file_new(enum file_kind kind, uint32_t flags)
{
	struct file *file = calloc(1, sizeof(*file));

	CHECK(file);
	*file = (struct file){ .kind = kind, .references = 1, .flags = flags };
	return file;
}

long file_drop(struct file *file)
{
	fs_close(file);
	free(file);
	return 0;
}

/* ---- commands ---- */

static char *arguments[8];

static int64_t number(int i)
{
	return strtoll(arguments[i], NULL, 0);
}

static struct file *slot(int i)
{
	int64_t which = number(i);

	return which < 0 ? NULL : slots[which];
}

static void release(int64_t which)
{
	if (slots[which])
		(void)file_drop(slots[which]);
	slots[which] = NULL;
}

static uint32_t checksum(const uint8_t *bytes, uint64_t count)
{
	uint32_t sum = 1;

	for (uint64_t i = 0; i < count; i++)
		sum = sum * 31u + bytes[i];
	return sum;
}

static void print_bytes(long result)
{
	if (result <= 0)
		printf("%ld\n", result);
	else
		printf("%ld %u\n", result, checksum(buffer, (uint64_t)result));
}

static void print_text(long length)
{
	if (length < 0)
		printf("%ld\n", length);
	else
		printf("%.*s\n", (int)length, (const char *)buffer);
}

static void print_stat(long error, const struct stat *stat)
{
	if (error)
		printf("%ld\n", error);
	else if ((stat->mode & S_IFMT) == S_IFREG)
		printf("%o %ld %ld %ld\n", stat->mode, stat->nlink, stat->size, stat->blocks);
	else
		printf("%o %ld\n", stat->mode, stat->nlink);
}

/* Every name from the position on, in small portions. */
static void list(struct file *file)
{
	long got;

	while ((got = fs_list(file, (uint64_t)buffer, 96)) > 0)
		for (long at = 0; at < got; at += *(uint16_t *)(buffer + at + 16))
			printf("%s:%d ", (const char *)buffer + at + 19, buffer[at + 18]);
	printf("%ld\n", got);
}

static void write_pattern(void)
{
	int64_t count = number(2);

	for (int64_t i = 0; i < count; i++)
		buffer[i] = (uint8_t)(number(4) + i * 7);
	printf("%ld\n", fs_write(slot(1), (uint64_t)buffer, (uint64_t)count, number(3)));
}

static void open_slot(void)
{
	long error;

	release(number(1));
	error = fs_open(slot(2), arguments[3], (uint32_t)number(4), (uint32_t)number(5), (uint32_t)number(6),
			&slots[number(1)]);
	if (error)
		slots[number(1)] = NULL;
	printf("%ld\n", error);
}

static long resize(bool by_path)
{
	struct fs_change change = { .what = CHANGE_SIZE, .size = (uint64_t)number(2) };

	return by_path ? fs_change_path(NULL, arguments[1], true, &change) : fs_change(slot(1), &change);
}

static void serve(void)
{
	struct stat stat;
	long error;

	if (strchr("rwstalfKD", arguments[0][0]) && !slot(1)) {
		printf("%d\n", -EBADF);
		return;
	}
	switch (arguments[0][0]) {
	case 'o':
		return open_slot();
	case 'c':
		release(number(1));
		printf("0\n");
		return;
	case 'r':
		return print_bytes(fs_read(slot(1), (uint64_t)buffer, (uint64_t)number(2), number(3)));
	case 'w':
		return write_pattern();
	case 's':
		printf("%ld\n", fs_seek(slot(1), number(2), (uint32_t)number(3)));
		return;
	case 't':
	case 'T':
		printf("%ld\n", resize(arguments[0][0] == 'T'));
		return;
	case 'a':
		printf("%ld\n", fs_allocate(slot(1), (uint32_t)number(2), number(3), number(4)));
		return;
	case 'l':
		return list(slot(1));
	case 'f':
		fs_stat(slot(1), &stat);
		return print_stat(0, &stat);
	case 'p':
		error = fs_stat_path(slot(1), arguments[2], number(3), &stat);
		return print_stat(error, &stat);
	case 'm':
		printf("%ld\n", fs_make(slot(1), arguments[2], (uint32_t)number(3)));
		return;
	case 'u':
		printf("%ld\n", fs_remove(slot(1), arguments[2], number(3)));
		return;
	case 'n':
		printf("%ld\n", fs_rename(slot(1), arguments[2], slot(3), arguments[4], (uint32_t)number(5)));
		return;
	case 'k':
		printf("%ld\n", fs_link(slot(1), arguments[2], number(3), slot(4), arguments[5]));
		return;
	case 'K':
		printf("%ld\n", fs_link_file(slot(1), slot(2), arguments[3]));
		return;
	case 'y':
		printf("%ld\n", fs_make_link(arguments[1], slot(2), arguments[3]));
		return;
	case 'd':
		printf("%ld\n", fs_change_directory(NULL, arguments[1]));
		return;
	case 'D':
		printf("%ld\n", fs_change_directory_to(slot(1)));
		return;
	case 'g':
		return print_text(fs_directory_path((char *)buffer));
	case 'e':
		return print_text(fs_read_link(slot(1), arguments[2], (char *)buffer));
	case 'L':
		pages_most = pages_taken + (uint64_t)number(1);
		printf("0\n");
		return;
	default:
		CHECK(!"a command");
	}
}

static void run(char *line)
{
	int count = 0;

	for (char *word = strtok(line, " "); word && count < 8; word = strtok(NULL, " "))
		arguments[count++] = word;
	serve();
}

int main(void)
{
	size_t size = 0, room = 1 << 26;
	char *script = malloc(room), *line, *rest;
	ssize_t got;
	bool child = false;

	CHECK(script);
	while ((got = read(0, script + size, room - 1 - size)) > 0)
		size += (size_t)got;
	script[size] = 0;
	for (line = script; *line; line = rest) {
		int status;

		rest = line + strcspn(line, "\n");
		*rest++ = 0;
		if (strcmp(line, "begin") != 0) {
			if (child)
				run(line);
			continue;
		}
		if (child)
			break;
		fflush(stdout);
		if (fork() == 0) {
			child = true;
			printf("begin\n");
			continue;
		}
		CHECK(wait(&status) > 0 && status == 0);
	}
	return 0;
}
