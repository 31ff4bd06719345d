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
#include "shim_config.h"

/* Handles from here on are open files of this file system; below are the host's. */
#define HANDLE_FS 0x10000

/* Without a call that opens files there is no way into the file system, and nothing of it is linked. */
#if SHIM_FILES && (SHIM_HAS_SYS_open || SHIM_HAS_SYS_openat)
#define FS_OPENS 1
#else
#define FS_OPENS 0
#endif

static inline bool handle_is_fs(int32_t handle)
{
	return FS_OPENS && handle >= HANDLE_FS;
}

struct stat {
	uint64_t dev;
	uint64_t ino;
	uint64_t nlink;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t pad;
	uint64_t rdev;
	int64_t size;
	int64_t blksize;
	int64_t blocks;
	uint64_t times[6];
	uint64_t unused[3];
};
_Static_assert(sizeof(struct stat) == 144, "stat");

/* Where a relative path starts: an open directory's handle, or FS_ROOT for the working directory, which is /. */
#define FS_ROOT (-1)

/* ---- by path ---- */
long fs_open(int32_t from, const char *path, uint32_t flags, uint32_t mode); /* a handle */
long fs_stat_path(int32_t from, const char *path, struct stat *to);
long fs_make_directory(int32_t from, const char *path, uint32_t mode);
long fs_remove(int32_t from, const char *path, bool directory);
long fs_rename(int32_t from, const char *path, int32_t to, const char *new_path, uint32_t flags);
long fs_truncate_path(const char *path, int64_t size);
long fs_change_mode(int32_t from, const char *path, uint32_t mode);

/* ---- by handle ---- */
#define FS_AT_OFFSET (-1)
long fs_read(int32_t handle, uint64_t to, uint64_t count, int64_t at);
long fs_write(int32_t handle, uint64_t from, uint64_t count, int64_t at);
long fs_seek(int32_t handle, int64_t offset, uint32_t whence);
long fs_truncate(int32_t handle, int64_t size);
long fs_list(int32_t handle, uint64_t to, uint64_t room);
void fs_stat(int32_t handle, struct stat *to);
uint32_t fs_flags(int32_t handle);
void fs_set_flags(int32_t handle, uint32_t flags);
void fs_close(int32_t handle);

#endif
