/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_STAT_H
#define MOTTE_STAT_H

#include <stdint.h>

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
	uint64_t times[6];
	uint64_t unused[3];
};
_Static_assert(sizeof(struct stat) == 144, "stat");

#endif
