/* SPDX-License-Identifier: Apache-2.0 */
/* Open files of the in-Keep file system, for fs/ alone. */
#ifndef MOTTE_FS_OPEN_H
#define MOTTE_FS_OPEN_H

#include "fs_node.h"

struct fs_open {
	struct fs_node *node; /* NULL: free */
	uint64_t offset;
	uint32_t flags; /* as F_GETFL tells them */
};

struct fs_open *open_of(int32_t handle);

/* Where a path leads from an open directory, or from FS_ROOT. */
long fs_place(int32_t from, const char *path, struct fs_place *place);

#endif
