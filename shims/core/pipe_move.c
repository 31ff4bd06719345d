/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes and what is not the application's memory: another pipe, or a file that may wait meanwhile. Nothing here waits. */
#include "include/bytes.h"
#include "include/memory.h"
#include "include/pipe.h"

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The order in which Linux looks: something to read, somebody to read it, room. */
static long may_move(const struct pipe *from, const struct pipe *to)
{
	if (from->count == 0 && from->writers)
		return -EAGAIN;
	if (!to->readers)
		return -EPIPE;
	return from->count != 0 && pipe_room(to) == 0 ? -EAGAIN : 0;
}

long pipe_move(struct file *from_file, struct file *to_file, uint64_t count, bool keep)
{
	struct pipe *from = from_file->pipe, *to = to_file->pipe;
	long error = may_move(from, to);
	uint64_t done = 0;

	if (error)
		return error;
	count = min(min(count, from->count), pipe_room(to));
	while (done < count) {
		uint64_t at = (from->first + done) & (from->size - 1), place = (to->first + to->count + done) & (to->size - 1);
		uint64_t part = min(min(count - done, from->size - at), to->size - place);

		memcpy(to->ring + place, from->ring + at, part);
		done += part;
	}
	if (!keep)
		pipe_skip(from, count);
	pipe_written(to_file, count);
	return (long)count;
}

long pipe_take(struct file *file, uint64_t to, uint64_t count)
{
	long taken = pipe_read(file, to, count);

	if (taken > 0)
		file->pipe->taken += (uint64_t)taken;
	return taken;
}

void pipe_give_back(struct file *file, uint64_t from, uint64_t taken, uint64_t back)
{
	struct pipe *pipe = file->pipe;

	pipe->taken -= taken;
	/* If the application has unmapped it meanwhile, it has thrown the bytes away. */
	if (back && memory_touch(from + taken - back, back, PERM_R) == 0) {
		pipe->first -= back;
		pipe_copy(pipe, pipe->first, from + taken - back, back, true);
		pipe->count += back;
		pipe->edges.in++;
	}
	pipe->edges.out++;
	wait_changed();
}

long pipe_reserve(struct file *file, uint64_t count)
{
	struct pipe *pipe = file->pipe;

	if (!pipe->readers)
		return -EPIPE;
	if (pipe_room(pipe) == 0)
		return -EAGAIN;
	count = min(count, pipe_room(pipe));
	pipe->taken += count;
	return (long)count;
}

long pipe_fill(struct file *file, uint64_t from, uint64_t reserved, uint64_t count)
{
	file->pipe->taken -= reserved;
	file->pipe->edges.out++;
	wait_changed();
	return count ? pipe_write(file, from, count) : 0;
}
