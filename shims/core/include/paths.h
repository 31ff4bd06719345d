/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_PATHS_H
#define MOTTE_PATHS_H

#include <stdbool.h>
#include <stdint.h>
#include "file.h"
#include "linux.h"

/* A path of the application's, copied, and where it starts if it is relative. */
struct path {
	struct file *from; /* what a descriptor stands for, which keeps it open; NULL: the working directory */
	char text[PATH_MAX];
};

/*
 * `directory` and `text` as in openat(): 0, -EFAULT, -ENAMETOOLONG, -EBADF, -ENOTDIR, -ENOENT when it is empty. With
 * AT_EMPTY_PATH in `flags` it may be: then what is meant is `from` itself.
 */
long path_get(struct path *path, uint64_t directory, uint64_t text, uint64_t flags);

/* Whether it is. */
static inline bool path_is_file(const struct path *path)
{
	return path->text[0] == 0;
}

#endif
