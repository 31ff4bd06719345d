/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of the application. The platform keeps one for each thread that the Keep can have, next to what the
 * CPU needs of it, so that task_self() (platform.h) is an address from a register. Everything in it is guarded by the lock (lock.h).
 */
#ifndef MOTTE_TASK_H
#define MOTTE_TASK_H

#include <stdint.h>
#include "signal.h"

#define TASK_FIRST 1

struct task {
	struct task *next;   /* of those that run, in the order in which they were started */
	uint32_t number;     /* what gettid() says */
	struct task_signals signals;
};

/* The first of the tasks that run. */
struct task *task_first(void);

/* The running task of a number, or NULL. */
struct task *task_find(uint64_t number);

/* The thread that boots the Keep becomes the application's first. */
void task_boot(void);

#endif
