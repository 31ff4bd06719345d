/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files of host directories and files that Keep.toml grants. Names are looked up by the host, beneath the grant.
 * What it says of contents, sizes and names is its own to choose; nothing of it is used but as that. Positions, flags
 * and what is read-only are kept here.
 */
#ifndef MOTTE_MOUNT_FILE_H
#define MOTTE_MOUNT_FILE_H

#include <stdbool.h>
#include "mount.h"

/* As many as the loader serves. */
#define MOUNTS_MOST 64

/* A file of the host's, which open files of the Keep share: by the number that the host gives. */
struct mount_inode {
	struct mount_inode *next;
	uint32_t grant, holds;
	uint64_t number;
	struct fs_lock *locks;
};

/* What mount_open() opened. */
struct mount_file {
	uint32_t grant;
	bool directory;
	struct mount_inode *inode;
	uint64_t listed;         /* entries since the listing began */
	char *below;             /* of a directory: where it is; `room` bytes */
	size_t room;
	struct mount_file *next; /* open directories, which a rename may move */
};

/* Makes a mount of each FILE record of a checked config blob. */
void mount_start(const void *blob);

/* Held once more; NULL when there is no memory. */
struct mount_inode *mount_inode_get(uint32_t grant, uint64_t number);
void mount_inode_put(struct mount_inode *inode);

/* The locks of an open file, for fs/lock.c. */
struct fs_lock **mount_locks(const struct file *file);

/* The host's handle of what is granted, and whether it may not be changed. */
int32_t mount_handle(uint32_t grant);
bool mount_is_read_only(uint32_t grant);

/* Makes the host's answer what the application sees: `dev` is the grant's own, so that no two files are one. */
void mount_settle(uint32_t grant, struct stat *stat);

/* A file of the host's, which a path leads to, to do one thing to it: a handle for host_close(), or an errno. */
long mount_borrow(uint32_t grant, const char *below, bool follow, uint32_t flags);

/* Whether a file may have a new size, as limit_size(). */
long mount_may_grow(int32_t handle, uint64_t size);

/* Through a handle that is open. */
long mount_apply(uint32_t grant, int32_t handle, const struct fs_change *change);

/* A directory was renamed: what is open below it moves along. */
void mount_moved(uint32_t grant, const char *from, const char *to);

/* ---- of an open file; `at` may be FILE_POSITION ---- */
long mount_read(struct file *file, uint64_t to, uint64_t count, int64_t at);
long mount_write(struct file *file, uint64_t from, uint64_t count, int64_t at);
long mount_seek(struct file *file, int64_t offset, uint32_t whence);
long mount_allocate(struct file *file, uint32_t mode, int64_t at, int64_t count);
long mount_list(struct file *file, uint64_t to, uint64_t room);
long mount_stat_file(struct file *file, struct stat *to);
long mount_change_file(struct file *file, const struct fs_change *change);
long mount_statfs_file(struct file *file, struct statfs *to);
long mount_sync(struct file *file, bool data);
long mount_close(struct file *file);

#endif
