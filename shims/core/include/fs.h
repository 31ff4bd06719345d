/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system within the Keep: a tree of nodes in the Keep's own memory. It starts with /tmp, /var/tmp and the
 * character devices that programs expect; all of it is gone when the Keep ends. The host has no part in it.
 *
 * Paths are the shim's own copies; `to` and `from` are the application's and are touched before they are used.
 * Results are Linux's.
 */
#ifndef MOTTE_FS_H
#define MOTTE_FS_H

#include <stdbool.h>
#include <stdint.h>
#include "file.h"
#include "shim_config.h"

/* Without a call that opens files there is no way into the file system, and nothing of it is linked. */
#if SHIM_FILES && (SHIM_HAS_SYS_open || SHIM_HAS_SYS_openat)
#define FS_OPENS 1
#else
#define FS_OPENS 0
#endif

/* Where a relative path starts: an open directory, or NULL for the working directory, which is /. */

/* ---- by path ---- */
long fs_open(struct file *from, const char *path, uint32_t flags, uint32_t mode, struct file **to);
long fs_stat_path(struct file *from, const char *path, struct stat *to);
long fs_make_directory(struct file *from, const char *path, uint32_t mode);
long fs_remove(struct file *from, const char *path, bool directory);
long fs_rename(struct file *from, const char *path, struct file *to, const char *new_path, uint32_t flags);
long fs_truncate_path(const char *path, int64_t size);
long fs_change_mode(struct file *from, const char *path, uint32_t mode);

/* ---- of an open file; `at` may be FILE_POSITION ---- */
long fs_read(struct file *file, uint64_t to, uint64_t count, int64_t at);
long fs_write(struct file *file, uint64_t from, uint64_t count, int64_t at);
long fs_seek(struct file *file, int64_t offset, uint32_t whence);
long fs_truncate(struct file *file, int64_t size);
long fs_list(struct file *file, uint64_t to, uint64_t room);
void fs_stat(struct file *file, struct stat *to);
void fs_close(struct file *file);

#endif
