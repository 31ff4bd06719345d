/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared mappings of files. A page of a mapping and one of a file's contents are never the same page of the Keep, so a
 * view keeps the two alike: what is read from the file comes from the view, what is written to it goes to both, and
 * what the program stored in the view goes to the file at msync(), munmap() and exit().
 *
 * A view of a file that is open for writing is the only one of these pages, or there would be two truths.
 */
#ifndef MOTTE_VIEW_H
#define MOTTE_VIEW_H

#include "file.h"

/* All of them; NULL, as mostly, and a file's contents are nowhere else. */
extern struct view *views;

/* A view of mapped pages that hold the file's bytes from `offset` on. 0, -ENODEV when it must not be, or -ENOMEM. */
long view_add(struct file *file, uint64_t address, uint64_t pages, uint64_t offset);

/* After `count` bytes of the file at `at` were read to `to`, or written from `from`. */
void view_read(struct file *file, uint64_t to, uint64_t count, int64_t at);
void view_written(struct file *file, uint64_t from, uint64_t count, int64_t at);

/* Brings what the program stored in a range to the files; their error, if there is any. */
long view_sync(uint64_t address, uint64_t pages);

/* The same, before the range is unmapped; then there are no views of it. */
void view_remove(uint64_t address, uint64_t pages);

/* Whether a range has views at all, and whether one of them is of a file that is not open for writing. */
bool view_is_there(uint64_t address, uint64_t pages);
bool view_is_read_only(uint64_t address, uint64_t pages);

#endif
