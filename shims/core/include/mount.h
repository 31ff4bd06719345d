/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is below a node of kind FS_MOUNT: not the tree's, but served by these, which fs/ calls when a path leads there.
 *
 * `grant` says which mount, `below` is the rest of the path, without a slash at its start; it is empty for the mount
 * itself, and ends in the slash that the path ended in. `..` in it does not lead out as far as names tell: where a link
 * of the mount's own leads is for these to find out. Nobody removes or renames the mount itself, or links or renames
 * between a mount and anything else, before it comes here. Results are Linux's.
 */
#ifndef MOTTE_MOUNT_H
#define MOTTE_MOUNT_H

#include "fs.h"

/*
 * Makes a mount, and the directories on the way to it; `path` begins with a slash. -ENOTDIR, -EEXIST when it is taken,
 * or -ENOSPC.
 */
long fs_mount(const char *path, uint32_t grant);

/* Where a directory that is open, a file with this `node`, is below its mount. */
const char *mount_below(const struct file *directory);

long mount_open(struct fs_node *node, const char *below, uint32_t flags, uint32_t mode, uint32_t resolve,
		struct file **to);
long mount_stat(uint32_t grant, const char *below, bool follow, struct stat *to);
long mount_change(uint32_t grant, const char *below, bool follow, const struct fs_change *change);
long mount_statfs(uint32_t grant, const char *below, struct statfs *to);
long mount_make(uint32_t grant, const char *below, uint32_t mode);
long mount_make_link(const char *text, uint32_t grant, const char *below);
long mount_remove(uint32_t grant, const char *below, bool directory);
long mount_link(uint32_t grant, const char *below, bool follow, const char *new_below);
long mount_rename(uint32_t grant, const char *below, const char *new_below, uint32_t flags);
long mount_read_link(uint32_t grant, const char *below, char *to);

/* Whether it is a directory, which the working directory is to be: 0, -ENOENT, -ENOTDIR ... */
long mount_enter(uint32_t grant, const char *below);

/* As the application sees its files there; fs/ knows the node, and a file's `node` holds it. */
uint32_t mount_grant(const struct fs_node *node);

#endif
