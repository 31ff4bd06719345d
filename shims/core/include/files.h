/* SPDX-License-Identifier: Apache-2.0 */
/* The application's descriptors: each stands for an open file, or for nothing. */
#ifndef MOTTE_FILES_H
#define MOTTE_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include "file.h"

/* RLIMIT_NOFILE. */
#define FILES_MOST 1024

/* What each stands for: for files.c and quick.h alone. */
struct descriptor {
	struct file *file;
	bool close_on_exec;
};
extern struct descriptor files_table[FILES_MOST];

/* Descriptors 0, 1 and 2. */
void files_start(bool empty_stdin);

/* The open file of a descriptor with a reference more, for file_drop(); NULL: -EBADF. */
struct file *files_get(uint64_t fd);

/* The lowest free descriptor from `least` on, and a reference to the file: the number, -EMFILE or -EINVAL. */
long files_add(struct file *file, uint64_t least, bool close_on_exec);

/* As files_add() of a new file; the caller's only reference is given up, whatever the result. */
long files_open(struct file *file, bool close_on_exec);

/* dup3(): `fd` stands for the file from now on; what it stood for is closed. */
long files_replace(uint64_t fd, struct file *file, bool close_on_exec);

/* close(). */
long files_close(uint64_t fd);

/* execve(): closes what is FD_CLOEXEC. */
void files_exec(void);

/* Whether a node of the Keep's own is open for writing. */
bool files_are_written(const struct fs_node *node);

/* FD_CLOEXEC of a descriptor that is open. */
bool files_close_on_exec(uint64_t fd);
void files_set_close_on_exec(uint64_t fd, bool on);

#endif
