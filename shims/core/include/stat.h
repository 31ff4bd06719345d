/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_STAT_H
#define MOTTE_STAT_H

#include <stdint.h>
#include "linux.h"

#define S_IFMT 0170000
#define S_IFIFO 0010000
#define S_IFCHR 0020000
#define S_IFDIR 0040000
#define S_IFBLK 0060000
#define S_IFREG 0100000
#define S_IFLNK 0120000
#define S_IFSOCK 0140000

/* As fstat() gives it. */
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
	struct timespec atime, mtime, ctime;
	uint64_t unused[3];
};
_Static_assert(sizeof(struct stat) == 144, "stat");

#endif
