/* SPDX-License-Identifier: Apache-2.0 */
/* A pipe beside a list of bytes: pipe_model SEED STEPS. */
#include <string.h>
#include "../../include/heap.h"
#include "../../include/memory.h"
#include "../../include/pipe.h"
#include "../../include/user.h"
#include "model.h"
#include "pipe_world.h"

static uint8_t model[PIPE_SIZE_MOST], buffer[PIPE_SIZE_MOST], got[PIPE_SIZE_MOST];
static uint64_t held, size = PIPE_SIZE;
static uint8_t next_byte;

static void drop(struct file *file)
{
	pipe_close(file);
	heap_put(file, sizeof(*file));
}

/* What Linux would say to a write of `count` bytes. */
static long expected_write(uint64_t count, bool readers)
{
	uint64_t room = size - held;

	if (count == 0)
		return 0;
	if (!readers)
		return -EPIPE;
	if (room == 0 || (count <= PIPE_BUF && count > room))
		return -EAGAIN;
	return (long)(count < room ? count : room);
}

static void write_some(struct file *file, uint64_t count, bool readers)
{
	long expected = expected_write(count, readers);

	for (uint64_t i = 0; i < count; i++)
		buffer[i] = (uint8_t)(next_byte + i);
	CHECK(pipe_write(file, (uint64_t)buffer, count) == expected);
	if (expected <= 0)
		return;
	memcpy(model + held, buffer, (size_t)expected);
	held += (uint64_t)expected;
	next_byte = (uint8_t)(next_byte + expected);
}

static void read_some(struct file *file, uint64_t count, bool writers)
{
	uint64_t there = count < held ? count : held;
	long expected = count == 0 ? 0 : held == 0 ? (writers ? -EAGAIN : 0) : (long)there;

	CHECK(pipe_read(file, (uint64_t)got, count) == expected);
	if (expected <= 0)
		return;
	CHECK(memcmp(got, model, there) == 0);
	memmove(model, model + there, held - there);
	held -= there;
}

static void resize(struct file *file, uint64_t wanted)
{
	uint64_t rounded = 4096;
	long expected;

	while (rounded < wanted)
		rounded *= 2;
	expected = wanted > PIPE_SIZE_MOST ? -EPERM : rounded < held ? -EBUSY : (long)rounded;
	CHECK(pipe_resize(file, wanted) == expected);
	if (expected > 0)
		size = rounded;
}

static void check(struct file *reader, struct file *writer, bool readers, bool writers)
{
	int32_t count;

	if (readers) {
		CHECK(pipe_ready(reader) == ((held ? POLLIN | POLLRDNORM : 0) | (writers ? 0 : POLLHUP)));
		CHECK(pipe_control(reader, FIONREAD, (uint64_t)&count) == 0 && (uint64_t)count == held);
	}
	if (writers)
		CHECK(pipe_ready(writer) == ((size - held >= PIPE_BUF ? POLLOUT | POLLWRNORM : 0) | (readers ? 0 : POLLERR)));
}

int main(int argc, char **argv)
{
	uint64_t seed = strtoull(argv[1], NULL, 0) | 1, steps = strtoull(argv[2], NULL, 0);

	CHECK(argc == 3);
	for (uint64_t life = 0; life < 20; life++) {
		struct pipe *pipe = pipe_new();
		struct file *reader = pipe_open(pipe, O_RDONLY), *writer = pipe_open(pipe, O_WRONLY);
		bool readers = true, writers = true;

		held = 0;
		size = PIPE_SIZE;
		CHECK(pipe_read(writer, (uint64_t)got, 1) == -EBADF && pipe_write(reader, (uint64_t)got, 1) == -EBADF);
		for (uint64_t i = 0; i < steps; i++) {
			uint64_t most = below(&seed, 3) ? 6000 : 100000, count = below(&seed, most), before = changes;

			switch (below(&seed, 20)) {
			case 0:
				if (readers)
					resize(reader, below(&seed, 4) ? count : count * 20);
				break;
			case 1: /* an address of nothing: the pipe is as before */
				if (readers && writers && held && held < size)
					CHECK(pipe_read(reader, 0, 1) == -EFAULT && pipe_write(writer, 0, size - held) == -EFAULT);
				break;
			case 2 ... 10:
				if (writers)
					write_some(writer, count, readers);
				break;
			default:
				if (readers)
					read_some(reader, count, writers);
			}
			CHECK(changes != before || pipe->count == held);
			check(reader, writer, readers, writers);
			if (i == steps * 3 / 4) { /* one end is closed */
				bool first = below(&seed, 2);

				drop(first ? reader : writer);
				*(first ? &readers : &writers) = false;
			}
		}
		drop(readers ? reader : writer);
		CHECK(objects == 0);
	}
	puts("same");
	return 0;
}
