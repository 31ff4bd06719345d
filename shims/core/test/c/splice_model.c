/* SPDX-License-Identifier: Apache-2.0 */
/* What splice() and tee() do to two pipes, beside two lists of bytes: splice_model SEED STEPS. */
#include <string.h>
#include "../../include/heap.h"
#include "../../include/memory.h"
#include "../../include/pipe.h"
#include "../../include/user.h"
#include "model.h"
#include "pipe_world.h"

static struct line {
	struct file *reader, *writer;
	uint8_t held[PIPE_SIZE];
	uint64_t count, size;
	uint64_t out, in; /* room set aside: for bytes that were taken, and for bytes to come */
	uint8_t away[PIPE_SIZE];
} lines[2];

static uint8_t buffer[2 * PIPE_SIZE], got[2 * PIPE_SIZE], next_byte;
static uint64_t seed;

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t room(const struct line *line)
{
	return line->size - line->count - line->out - line->in;
}

static void append(struct line *line, const uint8_t *bytes, uint64_t count)
{
	memcpy(line->held + line->count, bytes, count);
	line->count += count;
}

static void drop_first(struct line *line, uint64_t count)
{
	line->count -= count;
	memmove(line->held, line->held + count, line->count);
}

static void fresh_bytes(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		buffer[i] = next_byte++;
}

static void write_some(struct line *line, uint64_t count)
{
	uint64_t there = room(line);
	long expected = there == 0 || (count <= PIPE_BUF && count > there) ? -EAGAIN : (long)min(count, there);

	if (!line->reader)
		expected = -EPIPE;
	fresh_bytes(count);
	CHECK(pipe_write(line->writer, (uint64_t)buffer, count) == expected);
	if (expected > 0)
		append(line, buffer, (uint64_t)expected);
}

static void read_some(struct line *line, uint64_t count)
{
	uint64_t there = min(count, line->count);

	CHECK(pipe_read(line->reader, (uint64_t)got, count) == (there ? (long)there : -EAGAIN));
	CHECK(memcmp(got, line->held, there) == 0);
	drop_first(line, there);
}

static void move(struct line *from, struct line *to, uint64_t count, bool keep)
{
	uint64_t there = min(min(count, from->count), room(to));
	long expected = there ? (long)there : -EAGAIN;

	if (from->count && !to->reader)
		expected = -EPIPE;
	CHECK(pipe_move(from->reader, to->writer, count, keep) == expected);
	if (expected <= 0)
		return;
	append(to, from->held, there);
	if (!keep)
		drop_first(from, there);
}

/* Bytes go away, and some of them come back as the first ones. */
static void take(struct line *line, uint64_t count)
{
	uint64_t there = min(count, line->count);

	CHECK(pipe_take(line->reader, (uint64_t)line->away, min(count, PIPE_SIZE)) == (there ? (long)there : -EAGAIN));
	CHECK(memcmp(line->away, line->held, there) == 0);
	drop_first(line, there);
	line->out = there;
}

static void give_back(struct line *line)
{
	uint64_t back = below(&seed, 2) ? below(&seed, line->out + 1) : line->out;
	bool unmapped = below(&seed, 10) == 0;

	if (unmapped) {
		pipe_give_back(line->reader, -(line->out - back), line->out, back); /* ends at address 0 */
		back = 0;
	} else {
		pipe_give_back(line->reader, (uint64_t)line->away, line->out, back);
	}
	memmove(line->held + back, line->held, line->count);
	memcpy(line->held, line->away + line->out - back, back);
	line->count += back;
	line->out = 0;
}

static void reserve(struct line *line, uint64_t count)
{
	uint64_t there = min(count, room(line));

	CHECK(pipe_reserve(line->writer, count) == (!line->reader ? -EPIPE : there ? (long)there : -EAGAIN));
	if (line->reader)
		line->in = there;
}

static void fill(struct line *line)
{
	uint64_t count = below(&seed, line->in + 1);

	fresh_bytes(count);
	CHECK(pipe_fill(line->writer, (uint64_t)buffer, line->in, count) == (line->reader || !count ? (long)count : -EPIPE));
	line->in = 0;
	if (line->reader)
		append(line, buffer, count);
}

static void resize(struct line *line, uint64_t wanted)
{
	uint64_t rounded = 4096;
	bool fits;

	while (rounded < wanted)
		rounded *= 2;
	fits = rounded >= line->count + line->out + line->in;
	CHECK(pipe_resize(line->writer, wanted) == (fits ? (long)rounded : -EBUSY));
	line->size = fits ? rounded : line->size;
}

static void step(struct line *line, struct line *other)
{
	uint64_t most = below(&seed, 3) ? 5000 : PIPE_SIZE, count = 1 + below(&seed, most);

	switch (below(&seed, 12)) {
	case 0:
		resize(line, 1 + below(&seed, PIPE_SIZE));
		break;
	case 1 ... 3:
		write_some(line, count);
		break;
	case 4:
		if (line->reader)
			read_some(line, count);
		break;
	case 5 ... 6:
		if (line->reader)
			move(line, other, count, below(&seed, 3) == 0);
		break;
	case 7 ... 8:
		if (line->out)
			give_back(line);
		else if (line->reader)
			take(line, count);
		break;
	default:
		if (line->in)
			fill(line);
		else
			reserve(line, count);
	}
	CHECK(line->writer->pipe->count == line->count && pipe_room(line->writer->pipe) == room(line));
}

static void close_end(struct file **file)
{
	pipe_close(*file);
	heap_put(*file, sizeof(**file));
	*file = NULL;
}

int main(int argc, char **argv)
{
	uint64_t steps = strtoull(argv[2], NULL, 0);

	CHECK(argc == 3);
	seed = strtoull(argv[1], NULL, 0) | 1;
	for (int i = 0; i < 2; i++) {
		struct pipe *pipe = pipe_new();

		lines[i].reader = pipe_open(pipe, O_RDONLY);
		lines[i].writer = pipe_open(pipe, O_WRONLY);
		lines[i].size = PIPE_SIZE;
	}
	for (uint64_t i = 0; i < steps; i++) {
		int which = (int)below(&seed, 2);

		step(&lines[which], &lines[!which]);
		if (i == steps * 3 / 4) { /* nobody reads the second one any more */
			if (lines[1].out)
				give_back(&lines[1]);
			close_end(&lines[1].reader);
		}
	}
	close_end(&lines[0].reader);
	for (int i = 0; i < 2; i++)
		close_end(&lines[i].writer);
	CHECK(objects == 0);
	puts("same");
	return 0;
}
