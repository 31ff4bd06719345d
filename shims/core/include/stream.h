/* SPDX-License-Identifier: Apache-2.0 */
/* The host's standard streams, for file.c: what each host call says of them. */
#ifndef MOTTE_STREAM_H
#define MOTTE_STREAM_H

#include "file.h"

long stream_read(struct file *file, uint64_t to, uint64_t count);
long stream_write(struct file *file, uint64_t from, uint64_t count);
long stream_control(struct file *file, uint64_t request, uint64_t to);
long stream_stat(struct file *file, struct stat *to);

#endif
