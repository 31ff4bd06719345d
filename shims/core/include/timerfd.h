/* SPDX-License-Identifier: Apache-2.0 */
/* timerfd: timers to wait for and to read. */
#ifndef MOTTE_TIMERFD_H
#define MOTTE_TIMERFD_H

#include <stdint.h>
#include "file.h"
#include "timer.h"

#ifdef SHIM_HAS_TIMERFD
#define TIMERFDS 1
#else
#define TIMERFDS 0
#endif

/* An open file for a timer that is not armed; NULL when there is no memory. */
struct file *timerfd_open(int32_t clock, uint32_t flags);

/* ---- of an open file ---- */
long timerfd_read(struct file *file, uint64_t to, uint64_t count);
uint32_t timerfd_ready(struct file *file);
struct edges timerfd_edges(struct file *file);
void timerfd_close(struct file *file);

#endif
