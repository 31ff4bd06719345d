/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system within the Keep: a tree of nodes in the Keep's own memory. It starts with /tmp, /var/tmp and the
 * devices that programs expect; all of it is gone when the Keep ends. The host has no part in it but the time, and but
 * what is below a mount (mount.h).
 *
 * Paths are the shim's own copies; `to` and `from` are the application's and are touched before they are used.
 * Results are Linux's.
 */
#ifndef MOTTE_FS_H
#define MOTTE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "file.h"
#include "shim_config.h"

/* Without a call that opens files there is no way into the file system, and nothing of it is linked. */
#if SHIM_FILES && (SHIM_HAS_SYS_open || SHIM_HAS_SYS_openat)
#define FS_OPENS 1
#else
#define FS_OPENS 0
#endif

/* What the Keep's own program is called; packages/config keeps the name for it. */
#define PROGRAM_PATH "/exec"

/* st_dev of the tree. */
#define FS_DEVICE 1

/* What chmod(), chown(), utimensat() and truncate() change; `what` says which members count. */
#define CHANGE_MODE 1
#define CHANGE_USER 2
#define CHANGE_GROUP 4
#define CHANGE_ACCESSED 8
#define CHANGE_WRITTEN 16
#define CHANGE_ACCESSED_NOW 32
#define CHANGE_WRITTEN_NOW 64
#define CHANGE_TIMES 120 /* any of these four */
#define CHANGE_SIZE 128
#define CHANGE_OWNER 256 /* chown(), whatever it changes */
struct fs_change {
	uint32_t what;
	uint32_t mode;
	uint32_t user, group;
	struct timespec accessed, written;
	uint64_t size;
};

/* fcntl() of locks, for F_GETLK and its kin; `from` is the application's. */
long lock_control(struct file *file, uint64_t command, uint64_t from);

/* As statfs() gives it. */
struct statfs {
	int64_t type, block_size;
	uint64_t blocks, free, available, files, files_free;
	int32_t id[2];
	int64_t name_length, fragment_size, flags, spare[4];
};
_Static_assert(sizeof(struct statfs) == 120, "statfs");

/* What is locked of a file, or is to be. */
struct fs_range {
	bool whole;               /* by flock(), of the whole file */
	const struct file *owner; /* NULL: the process */
	int16_t type;             /* F_RDLCK, F_WRLCK; F_UNLCK takes away */
	uint64_t start, last;
};

/* ---- by path: `from` is where a relative one starts, an open directory, or NULL for the working directory ---- */

/* `resolve` is openat2()'s. */
long fs_open(const struct file *from, const char *path, uint32_t flags, uint32_t mode, uint32_t resolve, struct file **to);

/* `follow`: a link at the end is followed, as is one before a slash always. */
long fs_stat_path(const struct file *from, const char *path, bool follow, struct stat *to);
long fs_change_path(const struct file *from, const char *path, bool follow, const struct fs_change *change);
long fs_statfs_path(const char *path, struct statfs *to);

/* mkdir(), mknod() of what is no device: `mode` has the type. */
long fs_make(const struct file *from, const char *path, uint32_t mode);
long fs_make_link(const char *text, const struct file *from, const char *path);
long fs_remove(const struct file *from, const char *path, bool directory);
long fs_link(const struct file *from, const char *path, bool follow, const struct file *to, const char *new_path);
long fs_link_file(const struct file *file, const struct file *to, const char *new_path);
long fs_rename(const struct file *from, const char *path, const struct file *to, const char *new_path, uint32_t flags);

/* bind(): a socket by a path, held until fs_leave(); -EADDRINUSE when the name is there. connect(): which it is. */
long fs_make_socket(const char *path, struct fs_node **to);
long fs_find_socket(const char *path, const struct fs_node **to);
void fs_leave(struct fs_node *node);

/* The text of a link, which stands in `to` of PATH_MAX bytes without a NUL: its length. */
long fs_read_link(const struct file *from, const char *path, char *to);

long fs_read_link_file(const struct file *file, char *to);

/* ---- of the process ---- */

long fs_change_directory(const struct file *from, const char *path);
long fs_change_directory_to(const struct file *file);

/* getcwd(): the length with its NUL, in `to` of PATH_MAX bytes. */
long fs_directory_path(char *to);

/* The mask of permissions that new files do not get; returns what it was. */
uint32_t fs_mask(uint32_t mask);

/* ---- of an open file; `at` may be FILE_POSITION ---- */
long fs_read(struct file *file, uint64_t to, uint64_t count, int64_t at);
long fs_write(struct file *file, uint64_t from, uint64_t count, int64_t at);
long fs_seek(struct file *file, int64_t offset, uint32_t whence);
bool fs_can_sync(const struct file *file); /* not a device */
long fs_allocate(struct file *file, uint32_t mode, int64_t at, int64_t count);
long fs_list(struct file *file, uint64_t to, uint64_t room);
void fs_stat(struct file *file, struct stat *to);
long fs_change(struct file *file, const struct fs_change *change);
void fs_statfs(struct statfs *to);

/* -EAGAIN when somebody else has what is in the way; -ENOLCK without memory. */
long fs_lock(struct file *file, const struct fs_range *range);
bool fs_lock_holder(const struct file *file, struct fs_range *range);

/* Whether it is open by a node of the tree, as FIFOs are too. */
static inline bool fs_has_node(const struct file *file)
{
	return file->kind == FILE_TREE || (file->kind == FILE_PIPE && file->node);
}

/* Its contents have changed just now. */
void fs_written(struct fs_node *node);

static inline bool fs_has_locks(const struct file *file)
{
	return FS_OPENS && (file->kind == FILE_TREE || (SHIM_MOUNTS && file->kind == FILE_MOUNT));
}

/* An owner's locks of the file are gone: NULL is the process, when it closes any descriptor of the file. */
void fs_unlock_all(struct file *file, const struct file *owner);

/* memfd_create(): a file without a name. */
long fs_open_memory(struct file **to);

void fs_close(struct file *file);

/* A file that is open, opened anew to be read, whatever it was opened for: -EACCES where that cannot be. */
long fs_open_again(const struct file *file, struct file **to);

/* What /proc/self/exe leads to: the first program's own file, where the image has it at PROGRAM_PATH ... */
void fs_find_program(void);

/* ... and this from now on; the reference is taken over. */
void fs_set_program(struct file *file);

/* Where the application's first stack begins, and how many threads it can have: for /proc. */
void fs_program(uint64_t stack, uint64_t thread_count);

/* What the clock says, for times that are due (fs/stamp.c). */
void fs_time(const struct timespec *now);

#endif
