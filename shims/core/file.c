/* SPDX-License-Identifier: Apache-2.0 */
#include "include/file.h"
#include "generated/hostcall_guest.h"
#include "include/fs.h"
#include "include/heap.h"
#include "include/memory.h"
#include "include/platform.h"
#include "include/signal.h"
#include "include/stream.h"
#include "include/task.h"

#define MODE_NULL 020666
#define RDEV_NULL 0x103

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
		return host_close(platform_call(), file->handle);
	case FILE_TREE:
		if (FS_OPENS)
			fs_close(file);
		return 0;
	case FILE_EMPTY:
		break;
	}
	return 0;
}

long file_drop(struct file *file)
{
	long result;

	if (--file->references != 0)
		return 0;
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
	for (;;) {
		long result = read_once(file, to, count, at);

		if (!again(file, result, wait))
			return result;
		result = file_wait(file, POLLIN, NULL);
		if (result)
			return result;
	}
}

/* Nobody reads any more: the application hears of it twice, as everywhere. */
static long told(long written)
{
	const struct siginfo info = { .number = SIGPIPE, .sender = { .pid = 1 } };

	if (written == -EPIPE)
		(void)signal_send(task_self(), &info); /* to whoever wrote */
	return written;
}

long file_write(struct file *file, uint64_t from, uint64_t count, int64_t at, bool wait)
{
	for (;;) {
		long result = write_once(file, from, count, at);

		if (!again(file, result, wait))
			return told(result);
		result = file_wait(file, POLLOUT, NULL);
		if (result)
			return result;
	}
}

long file_seek(struct file *file, int64_t offset, uint32_t whence)
{
	if (file->kind == FILE_STREAM)
		return host_lseek(platform_call(), file->handle, offset, whence);
	return FS_OPENS && file->kind == FILE_TREE ? fs_seek(file, offset, whence) : -ESPIPE;
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
	return file->kind == FILE_STREAM ? stream_control(file, request, to) : -ENOTTY;
}

uint32_t file_ready(struct file *file, int32_t *handle)
{
	*handle = -1;
	switch (file->kind) {
	case FILE_STREAM:
		*handle = file->handle;
		return 0;
	case FILE_TREE:
		return POLLIN | POLLOUT;
	case FILE_EMPTY:
		break;
	}
	return POLLIN;
}

long file_wait(struct file *file, uint32_t events, const struct timespec *deadline)
{
	struct pollfd ask = { .events = (int16_t)events };
	uint32_t now = file_ready(file, &ask.fd);

	if (now & (events | POLLERR | POLLHUP))
		return 0;
	return wait_event(&ask, ask.fd < 0 ? 0 : 1, deadline);
}
