/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_PATHS_H
#define MOTTE_PATHS_H

#include <stdint.h>
#include "linux.h"

/* A path of the application's, copied, and where it starts if it is relative. */
struct path {
	int32_t from; /* an open directory's handle, or FS_ROOT */
	char text[PATH_MAX];
};

/* `directory` and `text` as in openat(): 0, -EFAULT, -ENAMETOOLONG, -EBADF, -ENOTDIR; -ENOENT when it is empty. */
long path_get(struct path *path, uint64_t directory, uint64_t text);

#endif
