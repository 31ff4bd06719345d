/* SPDX-License-Identifier: Apache-2.0 */
/* splice, tee, vmsplice. Bytes are copied: no page is ever shared between a pipe and anything else. */
#include "../include/files.h"
#include "../include/pipe.h"
#include "../include/run.h"
#include "../include/side.h"
#include "../include/syscall.h"
#include "../include/user.h"

/* MOVE and MORE are advice; GIFT of vmsplice() too, where nothing is moved. */
#define SPLICE_F_NONBLOCK 2u
#define SPLICE_F_ALL 15u
#define COUNT_MOST 0x7ffff000ull

static bool is_pipe(const struct file *file)
{
	return file->kind == FILE_PIPE;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Of a pipe nothing could be read or written: 0 to try again after a wait. */
static long again(struct file *file, uint32_t events, long result, bool waits)
{
	return result == -EAGAIN && waits ? file_wait(file, events, NULL) : result;
}

/* Between two pipes, as much as there is at once. */
static long move(struct file *from, struct file *to, uint64_t count, uint32_t flags, bool keep)
{
	bool waits = !(flags & SPLICE_F_NONBLOCK) && !((from->flags | to->flags) & O_NONBLOCK);

	for (;;) {
		bool empty = from->pipe->count == 0;
		long result = pipe_move(from, to, count, keep);

		if (result != -EAGAIN || !waits)
			return file_told(result);
		result = file_wait(empty ? from : to, empty ? POLLIN : POLLOUT, NULL);
		if (result)
			return result;
	}
}

/* What the other side does not take goes back to the pipe. */
static long out_of(struct file *pipe, struct side *to, uint64_t count, bool waits, uint64_t room)
{
	uint64_t done = 0;

	while (done < count) {
		long got = pipe_take(pipe, room, min(count - done, SIDE_ROOM)), put;

		if (got == -EAGAIN) {
			got = again(pipe, POLLIN, got, waits && done == 0);
			if (!got)
				continue;
		}
		if (got <= 0)
			return done ? (long)done : got;
		put = file_write(to->file, room, (uint64_t)got, to->at, true);
		pipe_give_back(pipe, room, (uint64_t)got, (uint64_t)(put > 0 ? got - put : got));
		if (put <= 0)
			return done ? (long)done : put;
		side_advance(to, put);
		done += (uint64_t)put;
		if (put < got)
			break;
	}
	return (long)done;
}

/* Nothing is read that the pipe has no room for. A stream may wait whenever it is read, so that is done once. */
static long into(struct side *from, struct file *pipe, uint64_t count, uint32_t flags, bool waits, uint64_t room)
{
	bool socket_waits = from->file->kind != FILE_LOCAL || !(flags & SPLICE_F_NONBLOCK);
	uint64_t done = 0;

	while (done < count) {
		long space = pipe_reserve(pipe, min(count - done, SIDE_ROOM)), got, put;

		if (space == -EAGAIN) {
			space = again(pipe, POLLOUT, space, waits && done == 0);
			if (!space)
				continue;
		}
		if (space < 0)
			return done ? (long)done : file_told(space);
		got = file_read(from->file, room, (uint64_t)space, from->at, socket_waits && done == 0);
		put = pipe_fill(pipe, room, (uint64_t)space, got > 0 ? (uint64_t)got : 0);
		if (put < 0) {
			side_put_back(from, got);
			return done ? (long)done : file_told(put);
		}
		if (got <= 0)
			return done ? (long)done : got;
		side_advance(from, got);
		done += (uint64_t)got;
		if (got < space || from->file->kind == FILE_STREAM)
			break;
	}
	return (long)done;
}

/* What has bytes that come or go one after the other; the others have records. */
static bool has_bytes(struct file *file)
{
	struct stat stat;

	switch (file->kind) {
	case FILE_TREE:
	case FILE_MOUNT:
	case FILE_STREAM:
		return file_stat(file, &stat) == 0 && (stat.mode & S_IFMT) != S_IFDIR;
	case FILE_INET:
	case FILE_LOCAL:
		return true;
	default:
		return false;
	}
}

/* Of a stream the host knows. */
static bool can(const struct file *file, bool writing)
{
	return file->kind == FILE_STREAM || side_can(file, writing);
}

static long through(struct side *from, struct side *to, uint64_t count, uint32_t flags)
{
	struct file *pipe = is_pipe(from->file) ? from->file : to->file, *other = pipe == from->file ? to->file : from->file;
	bool waits = !(flags & SPLICE_F_NONBLOCK) && !(pipe->flags & O_NONBLOCK);
	uint64_t room;
	long result;

	if (!has_bytes(other) || (pipe == from->file && other->kind != FILE_STREAM && (other->flags & O_APPEND)))
		return -EINVAL;
	result = side_map(&room);
	if (result)
		return result;
	result = pipe == from->file ? out_of(pipe, to, count, waits, room) : into(from, pipe, count, flags, waits, room);
	side_unmap(room);
	return result == -ESPIPE ? -EINVAL : result; /* of a place in what has none */
}

static long splice(struct side *from, struct side *to, const struct syscall_frame *frame)
{
	uint64_t count = min(frame->arg[4], COUNT_MOST);
	uint32_t flags = (uint32_t)frame->arg[5];
	long result;

	if ((is_pipe(from->file) && frame->arg[1]) || (is_pipe(to->file) && frame->arg[3]))
		return -ESPIPE;
	result = side_place(from, frame->arg[1]);
	if (!result)
		result = side_place(to, frame->arg[3]);
	if (result)
		return result;
	if (!can(from->file, false) || !can(to->file, true))
		return -EBADF;
	if (is_pipe(from->file) && is_pipe(to->file))
		return from->file->pipe == to->file->pipe ? -EINVAL : move(from->file, to->file, count, flags, false);
	if (!is_pipe(from->file) && !is_pipe(to->file))
		return -EINVAL;
	result = through(from, to, count, flags);
	result = side_tell(from, frame->arg[1], result);
	return side_tell(to, frame->arg[3], result);
}

static long tee(const struct side *from, const struct side *to, const struct syscall_frame *frame)
{
	if (!can(from->file, false) || !can(to->file, true))
		return -EBADF;
	if (!is_pipe(from->file) || !is_pipe(to->file) || from->file->pipe == to->file->pipe)
		return -EINVAL;
	return move(from->file, to->file, min(frame->arg[2], COUNT_MOST), (uint32_t)frame->arg[3], true);
}

/* Both files, held, to one of the two above. */
static long between(uint64_t from_fd, uint64_t to_fd, const struct syscall_frame *frame, bool keep)
{
	struct side from = { .file = files_get(from_fd) }, to = { .file = files_get(to_fd) };
	long result = -EBADF;

	if (from.file && to.file)
		result = keep ? tee(&from, &to, frame) : splice(&from, &to, frame);
	if (from.file)
		(void)file_drop(from.file);
	if (to.file)
		(void)file_drop(to.file);
	return result;
}

long sys_splice(const struct syscall_frame *frame)
{
	if (frame->arg[4] == 0)
		return 0;
	if ((uint32_t)frame->arg[5] & ~SPLICE_F_ALL)
		return -EINVAL;
	return between((uint32_t)frame->arg[0], (uint32_t)frame->arg[2], frame, false);
}

long sys_tee(const struct syscall_frame *frame)
{
	if ((uint32_t)frame->arg[3] & ~SPLICE_F_ALL)
		return -EINVAL;
	if (frame->arg[2] == 0)
		return 0;
	return between((uint32_t)frame->arg[0], (uint32_t)frame->arg[1], frame, true);
}

/* One part of the application's memory, as much as goes without a wait. */
static long part_once(struct file *file, uint64_t at, uint64_t count, bool writes)
{
	long space;

	if (!writes)
		return pipe_read(file, at, count);
	space = pipe_reserve(file, count);
	return space < 0 ? space : pipe_fill(file, at, (uint64_t)space, (uint64_t)space);
}

/* It waits for the first byte, or for room for it, and for no more. */
static long parts(struct file *file, const struct syscall_frame *frame, bool writes)
{
	bool waits = !(frame->arg[3] & SPLICE_F_NONBLOCK);
	uint64_t done = 0;
	struct iovec part;

	for (uint64_t i = 0; i < frame->arg[2]; i++) {
		if (user_get(&part, frame->arg[1] + i * sizeof(part), sizeof(part)))
			return done ? (long)done : -EFAULT;
		while (part.length != 0) {
			long result = part_once(file, part.base, part.length, writes);

			if (result == -EAGAIN) {
				result = again(file, writes ? POLLOUT : POLLIN, result, waits && done == 0);
				if (!result)
					continue;
			}
			if (result <= 0)
				return done ? (long)done : file_told(result);
			part.base += (uint64_t)result;
			part.length -= (uint64_t)result;
			done += (uint64_t)result;
		}
	}
	return (long)done;
}

static long with_memory(struct file *file, const struct syscall_frame *frame)
{
	struct run run;
	long length = frame->arg[2] > IOV_MAX ? -EINVAL : run_start(&run, frame->arg[1], frame->arg[2]);

	if (length <= 0)
		return length;
	return is_pipe(file) ? parts(file, frame, side_can(file, true)) : -EBADF;
}

long sys_vmsplice(const struct syscall_frame *frame)
{
	struct file *file;
	long result;

	if ((uint32_t)frame->arg[3] & ~SPLICE_F_ALL)
		return -EINVAL;
	file = files_get((uint32_t)frame->arg[0]);
	if (!file)
		return -EBADF;
	result = with_memory(file, frame);
	(void)file_drop(file);
	return result;
}
