/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mappings of files. A page of a file and one of a mapping are never the same page of the Keep, so a mapping is a copy
 * of the file's bytes as they are when it is made; beyond the file's end it is zero.
 */
#ifndef MOTTE_MAPPING_H
#define MOTTE_MAPPING_H

#include "file.h"

/* Whether a file can be mapped so: 0, -EACCES, -ENODEV. */
long mapping_check(struct file *file, unsigned prot, uint64_t flags);

/* Maps pages that are ours and free. */
long mapping_of_file(struct file *file, uint64_t address, uint64_t pages, unsigned prot, uint64_t offset);

#endif
