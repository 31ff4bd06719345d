/* SPDX-License-Identifier: Apache-2.0 */
/* A FIFO that files come to and leave, beside a list of bytes and two counts: fifo_model SEED STEPS. */
#include <string.h>
#include "../../include/heap.h"
#include "../../include/memory.h"
#include "../../include/pipe.h"
#include "../../include/user.h"
#include "model.h"
#include "pipe_world.h"

#define OPEN_MOST 6

static struct {
	struct file *file;
	bool reads, writes;
	bool quiet; /* nobody has come to write since it was opened, and so nobody can hang up */
} open_files[OPEN_MOST];

static struct pipe *home;
static uint8_t held[PIPE_SIZE], buffer[PIPE_SIZE], got[PIPE_SIZE];
static uint64_t seed, count, waits;
static uint8_t next_byte;

static unsigned readers(void)
{
	unsigned sum = 0;

	for (int i = 0; i < OPEN_MOST; i++)
		sum += open_files[i].file && open_files[i].reads;
	return sum;
}

static unsigned writers(void)
{
	unsigned sum = 0;

	for (int i = 0; i < OPEN_MOST; i++)
		sum += open_files[i].file && open_files[i].writes;
	return sum;
}

static int find_free(void)
{
	int i = 0;

	while (i < OPEN_MOST && open_files[i].file)
		i++;
	return i;
}

static void leave(int i)
{
	struct file *file = open_files[i].file;

	pipe_close(file);
	heap_put(file, sizeof(*file));
	open_files[i].file = NULL;
	if (readers() + writers() == 0) {
		count = 0; /* what nobody has read is gone with the last who could */
		CHECK(home == NULL && objects == 0);
	}
}

/* Opens it at place `i`; what follows a wait is pipe_await()'s. */
static long join(int i, uint32_t flags)
{
	bool reads = (flags & O_ACCMODE) != O_WRONLY, writes = (flags & O_ACCMODE) != O_RDONLY;
	bool refused = !reads && (flags & O_NONBLOCK) && readers() == 0;
	struct file *file;

	CHECK(pipe_join(&home, flags, &file) == (refused ? -ENXIO : 0));
	if (refused)
		return -ENXIO;
	open_files[i].file = file;
	open_files[i].reads = reads;
	open_files[i].writes = writes;
	open_files[i].quiet = writers() == 0;
	for (int other = 0; writes && other < OPEN_MOST; other++)
		open_files[other].quiet = false;
	return 0;
}

/* While somebody waits: the other side comes, perhaps to go at once; or nobody does, and a signal ends the wait. */
static bool came, interrupts;

long wait_event(struct pollfd *fds, uint64_t how_many, const struct timespec *deadline)
{
	bool writes = writers() != 0 && readers() == 0;
	int i = find_free();

	CHECK(!fds && !how_many && !deadline);
	waits++;
	if (below(&seed, 3) == 0)
		return 0; /* something else has changed */
	if (interrupts || i == OPEN_MOST)
		return -EINTR;
	CHECK(join(i, writes ? O_RDONLY | O_NONBLOCK : O_WRONLY | O_NONBLOCK) == 0);
	came = true;
	if (below(&seed, 2))
		leave(i);
	return 0;
}

static void open_one(void)
{
	static const uint32_t ways[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_NONBLOCK, O_WRONLY | O_NONBLOCK };
	uint32_t flags = ways[below(&seed, 5)];
	uint64_t before = waits;
	int i = find_free();
	bool alone;
	long result;

	if (i == OPEN_MOST || join(i, flags))
		return;
	alone = open_files[i].writes ? readers() == 0 : writers() == 0;
	came = false;
	interrupts = below(&seed, 3) == 0;
	result = pipe_await(open_files[i].file);
	CHECK((waits != before) == (alone && !(flags & O_NONBLOCK)));
	CHECK(waits == before || result == (came ? 0 : -EINTR));
	if (result)
		leave(i);
}

static void write_some(struct file *file)
{
	uint64_t length = 1 + below(&seed, 3 * PIPE_BUF), room = PIPE_SIZE - count;
	long expected = room == 0 || (length <= PIPE_BUF && length > room) ? -EAGAIN : (long)(length < room ? length : room);

	if (readers() == 0)
		expected = -EPIPE;
	for (uint64_t i = 0; i < length; i++)
		buffer[i] = (uint8_t)(next_byte + i);
	CHECK(pipe_write(file, (uint64_t)buffer, length) == expected);
	if (expected <= 0)
		return;
	memcpy(held + count, buffer, (size_t)expected);
	count += (uint64_t)expected;
	next_byte = (uint8_t)(next_byte + expected);
}

static void read_some(struct file *file)
{
	uint64_t length = 1 + below(&seed, 4 * PIPE_BUF), there = length < count ? length : count;

	CHECK(pipe_read(file, (uint64_t)got, length) == (there ? (long)there : writers() ? -EAGAIN : 0));
	CHECK(memcmp(got, held, there) == 0);
	memmove(held, held + there, count - there);
	count -= there;
}

static void check(int i)
{
	uint32_t expected = 0;

	if (open_files[i].reads) {
		expected |= count ? POLLIN | POLLRDNORM : 0;
		expected |= writers() == 0 && !open_files[i].quiet ? POLLHUP : 0;
	}
	if (open_files[i].writes) {
		expected |= PIPE_SIZE - count >= PIPE_BUF ? POLLOUT | POLLWRNORM : 0;
		expected |= readers() == 0 ? POLLERR : 0;
	}
	CHECK(pipe_ready(open_files[i].file) == expected);
}

int main(int argc, char **argv)
{
	CHECK(argc == 3);
	seed = strtoull(argv[1], NULL, 0) | 1;
	for (uint64_t steps = strtoull(argv[2], NULL, 0); steps != 0; steps--) {
		int i = (int)below(&seed, OPEN_MOST);

		if (!open_files[i].file || below(&seed, 8) == 0) {
			if (open_files[i].file && below(&seed, 2))
				leave(i);
			else
				open_one();
		} else if (open_files[i].writes && (!open_files[i].reads || below(&seed, 2))) {
			write_some(open_files[i].file);
		} else {
			read_some(open_files[i].file);
		}
		for (i = 0; i < OPEN_MOST; i++)
			if (open_files[i].file)
				check(i);
	}
	for (int i = 0; i < OPEN_MOST; i++)
		if (open_files[i].file)
			leave(i);
	CHECK(waits != 0 && objects == 0 && changes != 0);
	puts("same");
	return 0;
}
