/* SPDX-License-Identifier: Apache-2.0 */
#include "include/file.h"
#include "generated/hostcall_guest.h"
#include "include/epoll.h"
#include "include/eventfd.h"
#include "include/fs.h"
#include "include/heap.h"
#include "include/inet.h"
#include "include/local.h"
#include "include/look.h"
#include "include/memory.h"
#include "include/mount_file.h"
#include "include/pipe.h"
#include "include/platform.h"
#include "include/signal.h"
#include "include/signalfd.h"
#include "include/stream.h"
#include "include/task.h"
#include "include/timerfd.h"
#include "include/view.h"

#define MODE_NULL 020666
#define RDEV_NULL 0x103
#define MODE_SOCKET 0140777
#define MODE_ANONYMOUS 0600 /* of what has no type: eventfd and its like */

struct file *file_new(enum file_kind kind, uint32_t flags)
{
	struct file *file = heap_get(sizeof(*file));

	if (file) {
		file->kind = kind;
		file->references = 1;
		file->flags = flags;
		file->handle = -1;
	}
	return file;
}

/* Nobody has the file any more. */
static long end(struct file *file)
{
	switch (file->kind) {
	case FILE_STREAM:
		wait_closes();
		return host_close(platform_call(), file->handle);
	case FILE_TREE:
		if (FS_OPENS)
			fs_close(file);
		return 0;
	case FILE_MOUNT:
		return SHIM_MOUNTS ? mount_close(file) : 0;
	case FILE_PIPE:
		if (PIPES)
			pipe_close(file);
		if (FS_OPENS && fs_has_node(file))
			fs_leave(file->node);
		return 0;
	case FILE_TIMERFD:
		if (TIMERFDS)
			timerfd_close(file);
		return 0;
	case FILE_SIGNALFD:
		if (SIGNALFDS)
			signalfd_close();
		return 0;
	case FILE_EPOLL:
		if (EPOLLS)
			epoll_close(file);
		return 0;
	case FILE_INET:
		if (SOCKETS)
			inet_close(file);
		return 0;
	case FILE_LOCAL:
		if (SOCKETS)
			local_close(file);
		return 0;
	case FILE_EVENTFD:
	case FILE_EMPTY:
		break;
	}
	return 0;
}

long file_drop(struct file *file)
{
	long result;

	if (--file->references != 0) {
		if (SOCKETS && file->kind == FILE_LOCAL)
			local_left(file);
		return 0;
	}
	if (EPOLLS && file->watched)
		epoll_forget(file);
	result = end(file);
	heap_put(file, sizeof(*file));
	return result;
}

static long read_once(struct file *file, uint64_t to, uint64_t count, int64_t at)
{
	switch (file->kind) {
	case FILE_STREAM:
		return at == FILE_POSITION ? stream_read(file, to, count) : -ESPIPE;
	case FILE_TREE:
		return FS_OPENS ? fs_read(file, to, count, at) : -EBADF;
	case FILE_MOUNT:
		return SHIM_MOUNTS ? mount_read(file, to, count, at) : -EBADF;
	case FILE_PIPE:
		return !PIPES || at != FILE_POSITION ? -ESPIPE : pipe_read(file, to, count);
	case FILE_EVENTFD:
		return !EVENTFDS || at != FILE_POSITION ? -ESPIPE : eventfd_read(file, to, count);
	case FILE_TIMERFD:
		return !TIMERFDS || at != FILE_POSITION ? -ESPIPE : timerfd_read(file, to, count);
	case FILE_SIGNALFD:
		return !SIGNALFDS || at != FILE_POSITION ? -ESPIPE : signalfd_read(file, to, count);
	case FILE_EPOLL:
	case FILE_INET: /* which wait themselves: file_read() */
	case FILE_LOCAL:
		return -EINVAL;
	case FILE_EMPTY:
		break;
	}
	return at == FILE_POSITION ? 0 : -ESPIPE;
}

static long write_once(struct file *file, uint64_t from, uint64_t count, int64_t at)
{
	switch (file->kind) {
	case FILE_STREAM:
		return at == FILE_POSITION ? stream_write(file, from, count) : -ESPIPE;
	case FILE_TREE:
		return FS_OPENS ? fs_write(file, from, count, at) : -EBADF;
	case FILE_MOUNT:
		return SHIM_MOUNTS ? mount_write(file, from, count, at) : -EBADF;
	case FILE_PIPE:
		return !PIPES || at != FILE_POSITION ? -ESPIPE : pipe_write(file, from, count);
	case FILE_EVENTFD:
		return !EVENTFDS || at != FILE_POSITION ? -ESPIPE : eventfd_write(file, from, count);
	case FILE_TIMERFD:
	case FILE_SIGNALFD:
	case FILE_EPOLL:
	case FILE_INET:
	case FILE_LOCAL:
		return -EINVAL;
	case FILE_EMPTY:
		break;
	}
	return -EBADF; /* as of a descriptor that is open for reading */
}

/* Whether to try again. What the host gave for a stream is its own O_NONBLOCK, and the last word. */
static bool again(const struct file *file, long result, bool wait)
{
	return result == -EAGAIN && wait && file->kind != FILE_STREAM && !(file->flags & O_NONBLOCK);
}

long file_read(struct file *file, uint64_t to, uint64_t count, int64_t at, bool wait)
{
	bool cut;

	if (SOCKETS && file->kind == FILE_INET)
		return at != FILE_POSITION ? -ESPIPE : inet_receive(file, to, count, wait ? 0 : MSG_DONTWAIT, NULL, &cut);
	if (SOCKETS && file->kind == FILE_LOCAL)
		return at != FILE_POSITION ? -ESPIPE : local_read(file, run_of(to, count), count, wait);
	for (;;) {
		long result = read_once(file, to, count, at);

		if (result > 0)
			view_read(file, to, (uint64_t)result, at);
		if (!again(file, result, wait))
			return result;
		result = file_wait(file, POLLIN, NULL);
		if (result)
			return result;
	}
}

/* The application hears of it twice, as everywhere. */
long file_told(long written)
{
	const struct siginfo info = { .number = SIGPIPE, .sender = { .pid = 1 } };

	if (written == -EPIPE)
		(void)signal_send(task_self(), &info); /* to whoever wrote */
	return written;
}

/* A pipe takes all of it before a write that waits returns; others as much as they can. */
long file_write(struct file *file, uint64_t from, uint64_t count, int64_t at, bool wait)
{
	uint64_t done = 0;

	if (SOCKETS && file->kind == FILE_INET)
		return at != FILE_POSITION ? -ESPIPE : inet_send(file, from, count, wait ? 0 : MSG_DONTWAIT, NULL);
	if (SOCKETS && file->kind == FILE_LOCAL)
		return at != FILE_POSITION ? -ESPIPE : local_write(file, run_of(from, count), count, wait);
	for (;;) {
		long result = write_once(file, from + done, count - done, at);

		if (result > 0)
			view_written(file, from + done, (uint64_t)result, at);
		if (result > 0 && (uint64_t)result < count - done && file->kind == FILE_PIPE && !(file->flags & O_NONBLOCK)) {
			done += (uint64_t)result;
			continue;
		}
		if (again(file, result, wait || done != 0)) {
			result = file_wait(file, POLLOUT, NULL);
			if (!result)
				continue;
		}
		result = file_told(result);
		return result >= 0 ? (long)done + result : done != 0 ? (long)done : result;
	}
}

long file_seek(struct file *file, int64_t offset, uint32_t whence)
{
	switch (file->kind) {
	case FILE_STREAM:
		return host_lseek(platform_call(), file->handle, offset, whence);
	case FILE_MOUNT:
		return SHIM_MOUNTS ? mount_seek(file, offset, whence) : -ESPIPE;
	case FILE_TREE:
		return FS_OPENS ? fs_seek(file, offset, whence) : -ESPIPE;
	case FILE_EVENTFD:
	case FILE_TIMERFD:
	case FILE_SIGNALFD:
	case FILE_EPOLL:
		return 0; /* as Linux, which takes it and does nothing */
	default:
		return -ESPIPE;
	}
}

long file_stat(struct file *file, struct stat *to)
{
	*to = (struct stat){ 0 };
	switch (file->kind) {
	case FILE_STREAM:
		return stream_stat(file, to);
	case FILE_TREE:
		if (FS_OPENS)
			fs_stat(file, to);
		return 0;
	case FILE_MOUNT:
		return SHIM_MOUNTS ? mount_stat_file(file, to) : -EBADF;
	case FILE_PIPE:
		if (FS_OPENS && fs_has_node(file))
			fs_stat(file, to);
		else if (PIPES)
			pipe_stat(to);
		return 0;
	case FILE_INET:
	case FILE_LOCAL:
		to->mode = MODE_SOCKET;
		to->nlink = 1;
		to->blksize = PAGE_BYTES;
		return 0;
	case FILE_EVENTFD:
	case FILE_TIMERFD:
	case FILE_SIGNALFD:
	case FILE_EPOLL:
		to->mode = MODE_ANONYMOUS;
		to->nlink = 1;
		to->blksize = PAGE_BYTES;
		return 0;
	case FILE_EMPTY:
		to->mode = MODE_NULL; /* as /dev/null */
		to->rdev = RDEV_NULL;
		to->blksize = PAGE_BYTES;
		break;
	}
	return 0;
}

long file_flags(struct file *file)
{
	return file->kind == FILE_STREAM ? host_fcntl_getfl(platform_call(), file->handle) : (long)file->flags;
}

long file_set_flags(struct file *file, uint32_t flags)
{
	const uint32_t settable = O_APPEND | O_NONBLOCK;

	if (file->kind == FILE_STREAM || file->kind == FILE_EMPTY)
		return -EINVAL;
	file->flags = (file->flags & ~settable) | (flags & settable);
	return 0;
}

long file_control(struct file *file, uint64_t request, uint64_t to)
{
	switch (file->kind) {
	case FILE_STREAM:
		return stream_control(file, request, to);
	case FILE_PIPE:
		return PIPES ? pipe_control(file, request, to) : -ENOTTY;
	case FILE_INET:
		return request == FIONREAD && file->handle >= 0 ? stream_control(file, request, to) : -ENOTTY;
	case FILE_LOCAL:
		return SOCKETS ? local_control(file, request, to) : -ENOTTY;
	default:
		return -ENOTTY;
	}
}

bool file_can_wait(struct file *file)
{
	struct stat stat;

	switch (file->kind) {
	case FILE_STREAM:
		return stream_stat(file, &stat) || ((stat.mode & S_IFMT) != S_IFREG && stat.rdev != RDEV_NULL);
	case FILE_TREE:
	case FILE_MOUNT:
	case FILE_EMPTY:
		return false;
	default:
		return true;
	}
}

struct edges file_edges(struct file *file)
{
	switch (file->kind) {
	case FILE_PIPE:
		return PIPES ? file->pipe->edges : file->edges;
	case FILE_TIMERFD:
		return TIMERFDS ? timerfd_edges(file) : file->edges;
	case FILE_SIGNALFD:
		return SIGNALFDS ? signalfd_edges() : file->edges;
	case FILE_EPOLL:
		return EPOLLS ? epoll_edges(file) : file->edges;
	case FILE_LOCAL:
		return SOCKETS ? local_edges(file) : file->edges;
	default:
		return file->edges;
	}
}

uint32_t file_ready(struct file *file, int32_t *handle)
{
	*handle = -1;
	switch (file->kind) {
	case FILE_STREAM:
		*handle = file->handle;
		return 0;
	case FILE_TREE:
	case FILE_MOUNT:
		return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
	case FILE_PIPE:
		return PIPES ? pipe_ready(file) : 0;
	case FILE_EVENTFD:
		return EVENTFDS ? eventfd_ready(file) : 0;
	case FILE_TIMERFD:
		return TIMERFDS ? timerfd_ready(file) : 0;
	case FILE_SIGNALFD:
		return SIGNALFDS ? signalfd_ready(file) : 0;
	case FILE_INET:
		return SOCKETS ? inet_ready(file, handle) : 0;
	case FILE_LOCAL:
		return SOCKETS ? local_ready(file) : 0;
	case FILE_EPOLL: /* which asks the host about many: look_at() */
		return 0;
	case FILE_EMPTY:
		break;
	}
	return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
}

long file_wait(struct file *file, uint32_t events, const struct timespec *deadline)
{
	struct pollfd ask = { .events = (int16_t)events };
	uint32_t now = file_ready(file, &ask.fd);

	if (now & (events | POLLERR | POLLHUP))
		return 0;
	return wait_event(&ask, ask.fd < 0 ? 0 : 1, deadline);
}
