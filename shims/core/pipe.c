/* SPDX-License-Identifier: Apache-2.0 */
#include "include/pipe.h"
#include "include/bytes.h"
#include "include/fs.h"
#include "include/heap.h"
#include "include/memory.h"
#include "include/platform.h"
#include "include/user.h"

#define MODE_FIFO 010600

struct pipe *pipe_new(void)
{
	struct pipe *pipe = heap_get(sizeof(*pipe));

	if (!pipe)
		return NULL;
	pipe->size = PIPE_SIZE;
	pipe->ring = heap_get(PIPE_SIZE);
	if (pipe->ring)
		return pipe;
	heap_put(pipe, sizeof(*pipe));
	return NULL;
}

/* Nobody has either end any more. */
static void pipe_drop(struct pipe *pipe)
{
	if (pipe->readers || pipe->writers)
		return;
	if (pipe->home)
		*pipe->home = NULL;
	heap_put(pipe->ring, pipe->size);
	heap_put(pipe, sizeof(*pipe));
}

static bool reads(const struct file *file)
{
	return (file->flags & O_ACCMODE) != O_WRONLY;
}

static bool writes(const struct file *file)
{
	return (file->flags & O_ACCMODE) != O_RDONLY;
}

struct file *pipe_open(struct pipe *pipe, uint32_t flags)
{
	struct file *file = file_new(FILE_PIPE, flags);

	if (!file) {
		pipe_drop(pipe);
		return NULL;
	}
	file->pipe = pipe;
	pipe->readers += reads(file);
	pipe->writers += writes(file);
	pipe->readers_ever += reads(file);
	pipe->writers_ever += writes(file);
	return file;
}

long pipe_join(struct pipe **home, uint32_t flags, struct file **to)
{
	struct pipe *pipe = *home ? *home : pipe_new();

	if (!pipe)
		return -ENOMEM;
	*home = pipe;
	pipe->home = home;
	if ((flags & O_ACCMODE) == O_WRONLY && (flags & O_NONBLOCK) && !pipe->readers) {
		pipe_drop(pipe);
		return -ENXIO;
	}
	*to = pipe_open(pipe, flags);
	if (!*to)
		return -ENOMEM;
	/* Until somebody has come to write there is nobody who could have hung up. */
	if (!pipe->writers)
		(*to)->position = pipe->writers_ever;
	wait_changed();
	return 0;
}

long pipe_await(struct file *file)
{
	const struct pipe *pipe = file->pipe;
	const uint32_t *ever = writes(file) ? &pipe->readers_ever : &pipe->writers_ever, before = *ever;

	if ((file->flags & O_NONBLOCK) || (writes(file) ? pipe->readers : pipe->writers))
		return 0;
	while (*ever == before) {
		long error = wait_event(NULL, 0, NULL);

		if (error)
			return error;
	}
	file->position = 0;
	return 0;
}

void pipe_close(struct file *file)
{
	struct pipe *pipe = file->pipe;

	pipe->readers -= reads(file);
	pipe->writers -= writes(file);
	pipe->edges.in++;
	pipe->edges.out++;
	wait_changed();
	pipe_drop(pipe);
}

void pipe_copy(const struct pipe *pipe, uint64_t at, uint64_t user, uint64_t count, bool in)
{
	while (count != 0) {
		uint64_t place = at & (pipe->size - 1);
		uint64_t part = count < pipe->size - place ? count : pipe->size - place;

		if (in)
			memcpy(pipe->ring + place, (const void *)user, part);
		else
			memcpy((void *)user, pipe->ring + place, part);
		at += part;
		user += part;
		count -= part;
	}
}

void pipe_skip(struct pipe *pipe, uint64_t count)
{
	pipe->first += count;
	pipe->count -= count;
	pipe->edges.out++;
	wait_changed();
}

void pipe_written(struct file *file, uint64_t count)
{
	file->pipe->count += count;
	file->pipe->edges.in++;
	if (FS_OPENS && file->node)
		fs_written(file->node);
	wait_changed();
}

long pipe_read(struct file *file, uint64_t to, uint64_t count)
{
	struct pipe *pipe = file->pipe;

	if (!reads(file))
		return -EBADF;
	if (count == 0)
		return 0;
	if (pipe->count == 0)
		return pipe->writers ? -EAGAIN : 0;
	if (count > pipe->count)
		count = pipe->count;
	if (memory_touch(to, count, PERM_R | PERM_W))
		return -EFAULT;
	pipe_copy(pipe, pipe->first, to, count, false);
	pipe_skip(pipe, count);
	return (long)count;
}

long pipe_write(struct file *file, uint64_t from, uint64_t count)
{
	struct pipe *pipe = file->pipe;
	uint64_t room = pipe_room(pipe);

	if (!writes(file))
		return -EBADF;
	if (count == 0)
		return 0;
	if (!pipe->readers)
		return -EPIPE;
	if (room == 0 || (count <= PIPE_BUF && room < count))
		return -EAGAIN;
	if (count > room)
		count = room;
	if (memory_touch(from, count, PERM_R))
		return -EFAULT;
	pipe_copy(pipe, pipe->first + pipe->count, from, count, true);
	pipe_written(file, count);
	return (long)count;
}

uint32_t pipe_ready(const struct file *file)
{
	const struct pipe *pipe = file->pipe;
	uint32_t ready = 0;

	if (reads(file)) {
		ready |= pipe->count ? POLLIN | POLLRDNORM : 0;
		ready |= pipe->writers || file->position == pipe->writers_ever ? 0 : POLLHUP;
	}
	if (writes(file)) {
		ready |= pipe_room(pipe) >= PIPE_BUF ? POLLOUT | POLLWRNORM : 0;
		ready |= pipe->readers ? 0 : POLLERR;
	}
	return ready;
}

long pipe_control(struct file *file, uint64_t request, uint64_t to)
{
	int32_t count = (int32_t)file->pipe->count;

	return request == FIONREAD ? user_put(to, &count, sizeof(count)) : -ENOTTY;
}

void pipe_stat(struct stat *to)
{
	to->mode = MODE_FIFO;
	to->nlink = 1;
	to->blksize = PAGE_BYTES;
}

long pipe_resize(struct file *file, uint64_t size)
{
	struct pipe *pipe = file->pipe;
	uint64_t rounded = PAGE_BYTES;
	uint8_t *ring;

	if (size > INT32_MAX)
		return -EINVAL;
	if (size > PIPE_SIZE_MOST)
		return -EPERM;
	while (rounded < size)
		rounded <<= 1;
	if (rounded < pipe->count + pipe->taken)
		return -EBUSY;
	ring = heap_get(rounded);
	if (!ring)
		return -ENOMEM;
	pipe_copy(pipe, pipe->first, (uint64_t)ring, pipe->count, false);
	heap_put(pipe->ring, pipe->size);
	pipe->ring = ring;
	pipe->size = rounded;
	pipe->first = 0;
	pipe->edges.out++;
	wait_changed();
	return (long)rounded;
}
