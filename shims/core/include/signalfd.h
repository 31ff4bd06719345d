/* SPDX-License-Identifier: Apache-2.0 */
/* signalfd: signals of a set, read as records. What can be read depends on who reads: its own signals and the process's. */
#ifndef MOTTE_SIGNALFD_H
#define MOTTE_SIGNALFD_H

#include <stdint.h>
#include "file.h"
#include "shim_config.h"

#ifdef SHIM_HAS_SIGNALFD
#define SIGNALFDS 1
#else
#define SIGNALFDS 0
#endif

/* An open file for the signals of `set`; NULL when there is no memory. */
struct file *signalfd_open(uint64_t set, uint32_t flags);

/* Another set from now on. */
void signalfd_change(struct file *file, uint64_t set);

/* A signal waits that did not before: who waits for it by a file looks. */
void signalfd_tell(void);

/* ---- of an open file ---- */
long signalfd_read(struct file *file, uint64_t to, uint64_t count);
uint32_t signalfd_ready(const struct file *file);
struct edges signalfd_edges(void);
void signalfd_close(void);

#endif
