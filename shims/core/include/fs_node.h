/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of the in-Keep file system, for fs/ alone. */
#ifndef MOTTE_FS_NODE_H
#define MOTTE_FS_NODE_H

#include <stddef.h>
#include "fs.h"

#define NAME_MAX 255

enum fs_kind { FS_FILE, FS_DIRECTORY, FS_NULL, FS_ZERO, FS_RANDOM };

struct fs_node {
	struct fs_node *parent; /* NULL once it is unlinked; the root is its own parent */
	struct fs_node *child;  /* of a directory: the first; the rest by `next` */
	struct fs_node *next;
	uint64_t number;        /* st_ino */
	enum fs_kind kind;
	uint32_t mode;          /* permission bits; shown, not enforced: the application is root in here */
	uint32_t opens;         /* open files that stand for it */
	uint64_t size;
	uint64_t data;          /* address of the contents: one mapping of `pages` pages, or 0 */
	uint64_t pages;
	char name[NAME_MAX + 1];
};

struct fs_node *node_root(void);

/* A fresh node in a directory; NULL when there is no memory. `length` is at most NAME_MAX. */
struct fs_node *node_make(struct fs_node *directory, const char *name, size_t length, enum fs_kind kind, uint32_t mode);

struct fs_node *node_child(const struct fs_node *directory, const char *name, size_t length);

/* Puts a node that is in no directory into one, under a name. */
void node_link(struct fs_node *node, struct fs_node *directory, const char *name, size_t length);

/* Takes a node out of its directory; node_drop() frees it when no open file stands for it either. */
void node_unlink(struct fs_node *node);
void node_drop(struct fs_node *node);

/* Makes the file `size` bytes long. 0, -EFBIG or -ENOSPC. */
long node_resize(struct fs_node *node, uint64_t size);

/* Bytes between the application and a file, device or none; the file is long enough. */
long node_get(const struct fs_node *node, uint64_t to, uint64_t count, uint64_t at);
long node_put(struct fs_node *node, uint64_t from, uint64_t count, uint64_t at);

void node_stat(const struct fs_node *node, struct stat *to);

/* Where a path leads. */
struct fs_place {
	struct fs_node *node;      /* NULL when only the last name is not there */
	struct fs_node *directory; /* that holds it, or would */
	const char *name;          /* the last name, within the path; none for / and paths that end in . or .. */
	size_t length;
	bool slash;                /* the path ends in a slash: it must be a directory */
};
long node_walk(struct fs_node *from, const char *path, struct fs_place *place);

/* The same from an open directory; NULL is the working directory. */
long fs_place(struct file *from, const char *path, struct fs_place *place);

#endif
