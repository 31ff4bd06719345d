/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One side of a copy from one open file to another. What is moved goes through pages of the application's own, mapped
 * meanwhile: reading and writing any kind of file is between it and the application's memory.
 */
#ifndef MOTTE_SIDE_H
#define MOTTE_SIDE_H

#include <stdbool.h>
#include <stdint.h>
#include "file.h"

#define SIDE_ROOM (16ull << 12)

struct side {
	struct file *file;
	int64_t at; /* where it goes on, FILE_POSITION being the file's own place */
};

/* The place that a pointer of the application's says; without one, the file's own. */
long side_place(struct side *side, uint64_t from);

/* Tells where it has come to, unless `result` is an error, which it returns. */
long side_tell(const struct side *side, uint64_t to, long result);

void side_advance(struct side *side, long count);

/* What was read and found no taker is to be read again, where that can be. */
void side_put_back(struct side *side, long count);

/* Whether it was opened so. */
bool side_can(const struct file *file, bool writing);

/* SIDE_ROOM bytes: 0 or -ENOMEM. */
long side_map(uint64_t *room);
void side_unmap(uint64_t room);

#endif
