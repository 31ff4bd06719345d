/* SPDX-License-Identifier: Apache-2.0 */
/* eventfd: a counter to wait for. */
#ifndef MOTTE_EVENTFD_H
#define MOTTE_EVENTFD_H

#include <stdint.h>
#include "file.h"
#include "shim_config.h"

#ifdef SHIM_HAS_EVENTFD
#define EVENTFDS 1
#else
#define EVENTFDS 0
#endif

/* An open file with its counter at `count`; `one` (EFD_SEMAPHORE): each read takes 1. NULL when there is no memory. */
struct file *eventfd_open(uint64_t count, bool one, uint32_t flags);

/* ---- of an open file ---- */
long eventfd_read(struct file *file, uint64_t to, uint64_t count);
long eventfd_write(struct file *file, uint64_t from, uint64_t count);
uint32_t eventfd_ready(const struct file *file);

#endif
