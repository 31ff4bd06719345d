/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files, as dup() shares them. What can be done with one is a function here; each finds the file's kind by a switch
 * (docs/adr/0005: there are no pointers to functions in the shim).
 *
 * A system call holds a reference to the file that it works on, for a wait gives up the core lock and another thread may
 * close the descriptor meanwhile. `to` and `from` are the application's and are touched before they are used. Results are
 * Linux's.
 */
#ifndef MOTTE_FILE_H
#define MOTTE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include "edges.h"
#include "stat.h"
#include "wait.h"

enum file_kind {
	FILE_STREAM, /* the host's: standard input, output, error */
	FILE_EMPTY,  /* a standard input that is always at its end */
	FILE_TREE,   /* of the file system within the Keep */
	FILE_MOUNT,  /* of the host's, below a mount */
	FILE_PIPE,
	FILE_EVENTFD,
	FILE_TIMERFD,
	FILE_SIGNALFD,
	FILE_EPOLL,
	FILE_INET, /* a socket of the host's */
	FILE_LOCAL, /* a socket within the Keep */
};

struct fs_node;
struct mount_file;
struct pipe;
struct inet;
struct local;
struct timer;
struct epoll_item;

struct file {
	enum file_kind kind;
	uint32_t references; /* descriptors, and system calls in progress */
	uint32_t flags;      /* as F_GETFL tells them; of a stream the host knows them */
	int32_t handle;      /* of what is the host's */
	uint64_t position;   /* of an eventfd: its counter; of a signalfd: its set; of a FIFO: who had come to write when nobody did */
	struct fs_node *node; /* held; of what is below a mount, the mount's; of a pipe, the FIFO that it is */
	struct edges edges;  /* where the kind has none of its own */
	bool one;            /* EFD_SEMAPHORE */
	union {
		struct mount_file *mount;
		struct pipe *pipe;
		struct inet *inet;
		struct local *local;
		struct timer *timer;
		struct epoll_item *items; /* of an epoll */
	};
	struct epoll_item *watched; /* where it is in an epoll's set */
};

/* A file with one reference, the caller's; NULL when there is no memory. */
struct file *file_new(enum file_kind kind, uint32_t flags);

static inline struct file *file_hold(struct file *file)
{
	file->references++;
	return file;
}

/* Gives a reference back; the last one closes the file, and only then can the result be an error. */
long file_drop(struct file *file);

/* Instead of a position: at the file's own, which moves. */
#define FILE_POSITION (-1)

/* These wait until something can be done, unless the file is O_NONBLOCK or `wait` says not to: -EAGAIN. */
long file_read(struct file *file, uint64_t to, uint64_t count, int64_t at, bool wait);
long file_write(struct file *file, uint64_t from, uint64_t count, int64_t at, bool wait);

/* What a write has come to; if nobody reads any more, SIGPIPE goes to whoever wrote. */
long file_told(long written);

long file_seek(struct file *file, int64_t offset, uint32_t whence);
long file_stat(struct file *file, struct stat *to);

/* F_GETFL, F_SETFL. */
long file_flags(struct file *file);
long file_set_flags(struct file *file, uint32_t flags);

/* What only files have that are stored somewhere; -EBADF of one that is open as a path alone. */
struct fs_change;
struct statfs;
long file_change(struct file *file, const struct fs_change *change);
long file_allocate(struct file *file, uint32_t mode, int64_t at, int64_t count);
long file_list(struct file *file, uint64_t to, uint64_t room);
long file_statfs(struct file *file, struct statfs *to);
long file_sync(struct file *file, bool data); /* fsync(), or fdatasync() */

/* FIONREAD, TCGETS and their like; `to` is the argument. */
long file_control(struct file *file, uint64_t request, uint64_t to);

/* Whether there is anything to wait for in such a file; if not epoll refuses it. */
bool file_can_wait(struct file *file);

struct edges file_edges(struct file *file);

/*
 * What poll() would say now, of all events. `*handle` is the host's handle to ask about the rest, or -1 where nobody
 * else knows more.
 */
uint32_t file_ready(struct file *file, int32_t *handle);

/* Waits until one of `events`, an error or a hang-up may hold. 0, -ETIMEDOUT or -EINTR. */
long file_wait(struct file *file, uint32_t events, const struct timespec *deadline);

#endif
