/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read-only files of the Keep's image, in the tree of the file system (docs/adr/0023). Which there are says an index, whose
 * digest stands in the config blob; what is in them the host gives, a chunk at a time, and each chunk is compared with
 * its digest in the index before anything reads it.
 */
#ifndef MOTTE_IMAGE_H
#define MOTTE_IMAGE_H

#include <stdint.h>
#include "fs.h"
#include "shim_config.h"

#define IMAGES (SHIM_IMAGE && FS_OPENS)

/* st_dev of what is of the image. */
#define IMAGE_DEVICE 2

/* All times of it: one second after 1970 began, for there are programs to which 0 is no time. */
#define IMAGE_TIME 1

/* What a node of kind FS_IMAGE has. */
struct image_file {
	uint64_t size;
	uint64_t at;            /* where its contents begin in what the host has: index, then contents */
	const uint8_t *digests; /* of its chunks, in the index */
	uint64_t *chunks;       /* where they are in the Keep, 0: nowhere; NULL until the first is read */
};

/* Makes the files of the blob's IMAGE record, if it has one. */
void image_start(const void *blob);

/* `at` and `count` are within the file, `to` was touched: how much was read, -EIO when the host cannot, or -ENOMEM. */
long image_read(struct image_file *file, uint64_t to, uint64_t count, uint64_t at);

#endif
