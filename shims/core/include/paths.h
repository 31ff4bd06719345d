/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_PATHS_H
#define MOTTE_PATHS_H

#include <stdint.h>
#include "file.h"
#include "linux.h"

/* A path of the application's, copied, and where it starts if it is relative. */
struct path {
	struct file *from; /* an open directory, which the descriptor keeps open; NULL: the working directory */
	char text[PATH_MAX];
};

/* `directory` and `text` as in openat(): 0, -EFAULT, -ENAMETOOLONG, -EBADF, -ENOTDIR; -ENOENT when it is empty. */
long path_get(struct path *path, uint64_t directory, uint64_t text);

#endif
