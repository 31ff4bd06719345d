/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipes: a ring of bytes between open files of two kinds, those that read it and those that write it. A FIFO's node has
 * one while somebody has it open.
 */
#ifndef MOTTE_PIPE_H
#define MOTTE_PIPE_H

#include <stdint.h>
#include "edges.h"
#include "file.h"
#include "shim_config.h"

#ifdef SHIM_HAS_PIPE
#define PIPES 1
#else
#define PIPES 0
#endif

#define PIPE_BUF 4096
#define PIPE_SIZE 65536
/* /proc/sys/fs/pipe-max-size */
#define PIPE_SIZE_MOST 0x100000

struct pipe {
	uint8_t *ring;
	uint64_t size;  /* a power of two */
	uint64_t first; /* where the oldest byte is */
	uint64_t count; /* bytes in it */
	uint64_t taken; /* room that a splice under way has for itself */
	uint32_t readers, writers;
	uint32_t readers_ever, writers_ever; /* how many have come: who waits for one sees it come and go */
	struct pipe **home;                  /* of a FIFO: where its node keeps it */
	struct edges edges;
};

/* A pipe without readers and writers; NULL when there is no memory. */
struct pipe *pipe_new(void);

/* An open file for one end of it, by O_RDONLY or O_WRONLY in `flags`; NULL when there is no memory. */
struct file *pipe_open(struct pipe *pipe, uint32_t flags);

/* One for the FIFO whose pipe is at `home`, made if there is none: 0, -ENOMEM, -ENXIO of O_NONBLOCK when nobody reads. */
long pipe_join(struct pipe **home, uint32_t flags, struct file **to);

/* Waits for the other side of a FIFO to be opened, unless it is or need not be. 0 or -EINTR. */
long pipe_await(struct file *file);

/* ---- of an open file ---- */
long pipe_read(struct file *file, uint64_t to, uint64_t count);
long pipe_write(struct file *file, uint64_t from, uint64_t count);
uint32_t pipe_ready(const struct file *file);
long pipe_control(struct file *file, uint64_t request, uint64_t to);
void pipe_stat(struct stat *to);
void pipe_close(struct file *file);

/* F_SETPIPE_SZ: the size that it has then. */
long pipe_resize(struct file *file, uint64_t size);

/* ---- between pipe.c and pipe_move.c ---- */
static inline uint64_t pipe_room(const struct pipe *pipe)
{
	return pipe->size - pipe->count - pipe->taken;
}

/* Bytes between `user` and the ring, which may lie around its end. */
void pipe_copy(const struct pipe *pipe, uint64_t at, uint64_t user, uint64_t count, bool in);

/* The first bytes were read; some were written. */
void pipe_skip(struct pipe *pipe, uint64_t count);
void pipe_written(struct file *file, uint64_t count);

/* ---- pipe_move.c ---- */

/* Moves bytes to another pipe, or with `keep` copies them: how many, 0 at the end, -EAGAIN, -EPIPE. */
long pipe_move(struct file *from, struct file *to, uint64_t count, bool keep);

/* As pipe_read(), but the room stays taken until the bytes are gone: then the last `back` of `taken` are the first again. */
long pipe_take(struct file *file, uint64_t to, uint64_t count);
void pipe_give_back(struct file *file, uint64_t from, uint64_t taken, uint64_t back);

/* Room for at most `count` bytes is set aside: how much; and then some of it is filled. */
long pipe_reserve(struct file *file, uint64_t count);
long pipe_fill(struct file *file, uint64_t from, uint64_t reserved, uint64_t count);

#endif
