/* SPDX-License-Identifier: Apache-2.0 */
/* The application's descriptors: each stands for a handle that the host granted, or for nothing at all. */
#ifndef MOTTE_FILES_H
#define MOTTE_FILES_H

#include <stdbool.h>
#include <stdint.h>

/* RLIMIT_NOFILE. */
#define FILES_MOST 256
/* A standard input that is always at its end. */
#define HANDLE_EMPTY (-2)

/* Descriptors 0, 1 and 2. */
void files_start(bool empty_stdin);

/* The handle of a descriptor, HANDLE_EMPTY, or -EBADF. */
int32_t files_handle(uint64_t fd);

/* The lowest free descriptor from `least` on for the same file: the number, -EMFILE or -EINVAL. */
long files_duplicate(int32_t handle, uint64_t least, bool close_on_exec);

/* Puts the file at `fd`, which is below FILES_MOST and was closed. */
void files_set(uint64_t fd, int32_t handle, bool close_on_exec);

/* Frees a descriptor that is open; whether it was the last one for its handle. */
bool files_release(uint64_t fd);

/* FD_CLOEXEC of a descriptor that is open. */
bool files_close_on_exec(uint64_t fd);
void files_set_close_on_exec(uint64_t fd, bool on);

#endif
