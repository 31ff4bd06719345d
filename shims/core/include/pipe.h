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

#endif
