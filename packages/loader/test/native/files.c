/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper's host calls on granted files, asked as a shim would ask that obeys no rule: files MODE:PATH ... with a
 * call a line on standard input, words separated by tabs, `#n` the handle that the n-th line gave. Prints a line for
 * each: the result, or the errno; after a `:` what came along. Under Landlock unless the first argument is `open`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "files.h"
#include "hostcall_host.h"

#define LINES 4096
#define WORDS 8

/* What this test does not serve. */
bool end_killed(struct keep_host *host, uint32_t cause, const char *format, ...)
{
	(void)host;
	printf("%u %s\n", cause, format);
	exit(3);
}

static struct keep_host host = {.granted = {true, true, true}};
static struct grant table[GRANTS_MOST];
static long results[LINES];
static char *words[WORDS];
static size_t count;

static uint64_t number(size_t i)
{
	return words[i][0] == '#' ? (uint64_t)results[atoi(words[i] + 1)] : strtoull(words[i], NULL, 0);
}

/* As the dispatcher: what is not granted is no descriptor. */
static int descriptor(size_t i)
{
	return keep_host_descriptor(&host, number(i));
}

static void show_stat(const struct stat *stat)
{
	printf(":%o %lld %d:%d", stat->st_mode, (long long)stat->st_size, stat->st_uid, stat->st_gid);
}

static long list(int fd, uint64_t room, int64_t cookie)
{
	static uint8_t entries[0x10000] __attribute__((aligned(8)));
	const long bytes = serve_getdents64(&host, fd, entries, room, cookie);
	for (long at = 0; at < bytes; at += *(uint16_t *)(entries + at + 16))
		printf("%s%s", at == 0 ? ":" : " ", (char *)entries + at + 19);
	return bytes;
}

/* Two texts in one buffer. */
static uint64_t join(char *to, const char *first, const char *second)
{
	memcpy(to, first, strlen(first));
	memcpy(to + strlen(first), second, strlen(second));
	return strlen(first) + strlen(second);
}

static long call(void)
{
	static char buffer[0x20000], texts[8192];
	const char *name = words[0];
	const int fd = descriptor(1);
	struct stat stat;
	long result;

#define IS(row) (strcmp(name, row) == 0)
	if (fd < 0)
		return -EBADF;
	if (IS("open")) {
		result = serve_openat2(&host, fd, words[2], strlen(words[2]), (uint32_t)number(3), (uint32_t)number(4), &stat);
		if (result >= 0)
			show_stat(&stat);
		return result;
	}
	if (IS("stat")) {
		result = serve_newfstatat(&host, fd, words[2], strlen(words[2]), (uint32_t)number(3), &stat);
		if (result == 0)
			show_stat(&stat);
		return result;
	}
	if (IS("fstat")) {
		result = serve_fstat(&host, fd, &stat);
		if (result == 0)
			show_stat(&stat);
		return result;
	}
	if (IS("nul")) /* a NUL within the path */
		return serve_openat2(&host, fd, "a\0b", 3, O_RDONLY, 0, &stat);
	if (IS("first")) /* the first of two texts is longer than both */
		return serve_renameat2(&host, fd, "ab", 2, 3, 0);
	if (IS("pread") || IS("readlink")) {
		result = IS("pread") ? serve_pread64(&host, fd, buffer, number(2), (int64_t)number(3))
				     : serve_readlinkat(&host, fd, words[2], strlen(words[2]), buffer, 4096);
		if (result >= 0)
			printf(":%.*s", (int)result, buffer);
		return result;
	}
	if (IS("pwrite"))
		return serve_pwrite64(&host, fd, words[2], strlen(words[2]), (int64_t)number(3));
	if (IS("ftruncate"))
		return serve_ftruncate(&host, fd, (int64_t)number(2));
	if (IS("fallocate"))
		return serve_fallocate(&host, fd, 0, 0, (int64_t)number(2));
	if (IS("fchmod"))
		return serve_fchmod(&host, fd, (uint32_t)number(2));
	if (IS("utimensat")) {
		const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 2}};
		return serve_utimensat(&host, fd, times);
	}
	if (IS("fstatfs"))
		return serve_fstatfs(&host, fd, buffer);
	if (IS("fsync"))
		return serve_fsync(&host, fd);
	if (IS("fdatasync"))
		return serve_fdatasync(&host, fd);
	if (IS("list"))
		return list(fd, number(2), (int64_t)number(3));
	if (IS("close"))
		return serve_close(&host, fd);
	if (IS("mkdir"))
		return serve_mkdirat(&host, fd, words[2], strlen(words[2]), (uint32_t)number(3));
	if (IS("unlink"))
		return serve_unlinkat(&host, fd, words[2], strlen(words[2]), (uint32_t)number(3));
	const uint64_t length = join(texts, words[2], words[3]);
	const uint32_t first = (uint32_t)strlen(words[2]);
	if (IS("link"))
		return serve_linkat(&host, fd, texts, length, first);
	if (IS("symlink"))
		return serve_symlinkat(&host, fd, texts, length, first);
	if (IS("rename"))
		return serve_renameat2(&host, fd, texts, length, first, (uint32_t)number(4));
	/* Not through the table: what the kernel itself still allows to code that got into the helper. */
	if (IS("raw-open")) {
		result = open(words[2], (int)number(3), 0600);
		return result < 0 ? -errno : result;
	}
	if (IS("raw-mkdir"))
		return mkdir(words[2], 0700) == 0 ? 0 : -errno;
	if (IS("raw-unlink"))
		return unlink(words[2]) == 0 ? 0 : -errno;
	if (IS("raw-rename"))
		return rename(words[2], words[3]) == 0 ? 0 : -errno;
	abort();
}

static void grant_all(int from, int argc, char **argv)
{
	host.grants = table;
	for (int i = from; i < argc; i++) {
		const bool read_only = strncmp(argv[i], "ro:", 3) == 0;
		const int to = HELPER_FD_GRANT + (int)host.start.grant_count;
		struct stat stat;
		if (lstat(argv[i] + 3, &stat) != 0)
			abort();
		const int fd = open(argv[i] + 3, read_only || S_ISDIR(stat.st_mode) ? O_RDONLY : O_RDWR);
		if (fd < 0 || (fd != to && dup2(fd, to) != to))
			abort();
		table[host.start.grant_count++].flags = read_only ? GRANT_READ_ONLY : 0;
	}
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0;
	const bool open = argc > 1 && strcmp(argv[1], "open") == 0;

	/* Nothing that is not granted takes a granted number. */
	for (int fd = 3; fd < HELPER_FD_GRANT; fd++)
		if (dup2(0, fd) != fd)
			abort();
	grant_all(open ? 2 : 1, argc, argv);
	if (!grants_parse(&host) || (!open && landlock_enter(&host) == 0))
		return 2;
	for (size_t at = 0; at < LINES && getline(&line, &room, stdin) > 0; at++) {
		line[strcspn(line, "\n")] = 0;
		count = 0;
		for (char *rest = line, *word; count < WORDS && (word = strsep(&rest, "\t")) != NULL;)
			words[count++] = word;
		results[at] = call();
		printf("\n%ld\n", results[at]);
	}
	return 0;
}
