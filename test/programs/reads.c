/* SPDX-License-Identifier: Apache-2.0 */
/* read and pread64 of every kind of place and size: within a page, over its end, of holes, at the end, to where nothing may be written. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096L
#define SIZE (3 * PAGE + 100)
#define FAR (1024 * PAGE) /* a hole and a tree of more levels lie before it */

static uint8_t *room; /* pages: nothing, writable, readable, writable, nothing */

static uint64_t digest(const uint8_t *bytes, long count)
{
	uint64_t sum = 14695981039346656037ull;

	for (long i = 0; i < count; i++)
		sum = (sum ^ bytes[i]) * 1099511628211ull;
	return sum;
}

static void say(const char *what, long result, const uint8_t *bytes)
{
	if (result < 0)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: %ld %016lx\n", what, result, digest(bytes, result));
}

/* By both calls, and where the position is then. */
static void both(int fd, long at, long to, unsigned long count)
{
	char what[96];

	snprintf(what, sizeof(what), "pread at %ld to %ld of %lu", at, to, count);
	say(what, syscall(SYS_pread64, fd, room + to, count, at), room + to);
	if (at < 0 || at == INT64_MAX || lseek(fd, at, SEEK_SET) < 0)
		return;
	snprintf(what, sizeof(what), "read at %ld to %ld of %lu", at, to, count);
	say(what, syscall(SYS_read, fd, room + to, count), room + to);
	printf("now at %ld\n", (long)lseek(fd, 0, SEEK_CUR));
}

static int file(int flags)
{
	char name[] = "/tmp/reads-XXXXXX", link[32];
	uint8_t bytes[SIZE];
	int fd = mkstemp(name), other;

	for (long i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	if (fd < 0 || unlink(name) != 0 || write(fd, bytes, SIZE) != SIZE || pwrite(fd, bytes, PAGE, FAR) != PAGE)
		exit(1);
	if (flags < 0)
		return fd;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	other = open(link, flags);
	close(fd);
	return other;
}

int main(void)
{
	static const long places[] = {
		0, 1, 7, PAGE - 65, PAGE - 64, PAGE - 1, PAGE, 2 * PAGE + 5, SIZE - 3, SIZE, 5 * PAGE, FAR - 8, FAR,
		FAR + PAGE - 1, FAR + PAGE, FAR + 2 * PAGE, 1L << 40, INT64_MAX, -1,
	};
	static const unsigned long sizes[] = {
		0, 1, 7, 8, 9, 64, 127, 128, 129, 136, PAGE - 1, PAGE, PAGE + 1, SIZE, INT64_MAX, -1ul,
	};
	int fd = file(-1), writing = file(O_WRONLY), path = file(O_PATH), copy = dup(fd), ends[2];
	uint8_t *view;

	room = mmap(NULL, 9 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || writing < 0 || path < 0 || copy < 0 || room == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
			/* What reaches beyond the room is cut by the file's end before. */
			both(fd, places[i], 2 * PAGE - 64 + (long)k, sizes[k] > 6 * PAGE && places[i] < FAR ? SIZE : sizes[k]);
	both(fd, 0, PAGE, (unsigned long)SIZE);

	mprotect(room + 3 * PAGE, PAGE, PROT_READ);
	both(fd, 0, 3 * PAGE, 64);
	both(fd, 0, 3 * PAGE - 64, 64);
	mprotect(room + 3 * PAGE, PAGE, PROT_NONE);
	both(fd, 0, 3 * PAGE + 8, 64);
	mprotect(room + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	both(fd, 0, 3 * PAGE + 8, 64);
	madvise(room + 3 * PAGE, PAGE, MADV_DONTNEED); /* mapped, and not there yet */
	both(fd, 0, 3 * PAGE + 8, 64);
	munmap(room + 3 * PAGE, PAGE);
	both(fd, 0, 3 * PAGE + 8, 64);
	say("to nowhere", syscall(SYS_read, fd, NULL, 8), room);
	say("beyond all addresses", syscall(SYS_read, fd, (void *)-8l, 8), room);
	say("nothing to nowhere", syscall(SYS_read, fd, NULL, 0), room);

	both(writing, 0, 0, 64);
	both(path, 0, 0, 64);
	both(-1, 0, 0, 64);
	both(1023, 0, 0, 64);
	both(1024, 0, 0, 64);
	both(INT32_MAX, 0, 0, 64);

	/* dup() shares the position. */
	lseek(fd, 100, SEEK_SET);
	say("the one", read(fd, room, 10), room);
	say("the other", read(copy, room, 10), room);
	/* What is stored in a shared mapping is read, and what was written is. */
	view = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (view == MAP_FAILED)
		return 1;
	view[3] = 99;
	both(fd, 0, 0, 16);
	munmap(view, PAGE);
	both(fd, 0, 0, 16);
	both(fd, 8, 2 * PAGE, 16);
	ftruncate(fd, 20);
	both(fd, 0, 0, 64);
	both(fd, 20, 0, 64);
	ftruncate(fd, 64);
	both(fd, 0, 0, 64);

	if (pipe(ends) != 0 || write(ends[1], "pipe", 4) != 4)
		return 1;
	say("a pipe at", pread(ends[0], room, 4, 0), room);
	say("a pipe", read(ends[0], room, 64), room);
	close(fd);
	both(fd, 0, 0, 64);
	say("the copy", pread(copy, room, 64, 0), room);
	return 0;
}
