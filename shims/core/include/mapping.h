/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mappings of files: a copy of the file's bytes as they are when it is made, and zeros beyond the file's end. A private
 * one has nothing to do with the file any more; a shared one is a view of it (view.h).
 */
#ifndef MOTTE_MAPPING_H
#define MOTTE_MAPPING_H

#include "file.h"

/* Whether a file can be mapped so: 0, -EACCES, -ENODEV. */
long mapping_check(struct file *file, unsigned prot, uint64_t flags);

/* Maps pages that are ours and free. */
long mapping_of_file(struct file *file, uint64_t address, uint64_t pages, unsigned prot, bool shared, uint64_t offset);

#endif
