/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of the application. The platform keeps one for each thread that the Keep can have, next to what the
 * CPU needs of it, so that task_self() (platform.h) is an address from a register. Everything in it is guarded by the
 * lock (lock.h).
 *
 * A thread of the Keep that has ended its task stays within the shim, asleep, until clone() has another for it.
 */
#ifndef MOTTE_TASK_H
#define MOTTE_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include "signal.h"

#define TASK_FIRST 1

/* A name's bytes with its end: TASK_COMM_LEN. */
#define TASK_NAME 16

/* How a task sleeps (wait.h). */
struct task_wait {
	bool asleep;  /* in the host call `wait`, or on its way there */
	bool any;     /* wait_changed() is for it */
	bool endless; /* nothing outside of the Keep ends it */
	bool woken;   /* somebody has ended it already */
};

/* Where a task waits for a futex (futex.h). */
struct task_futex {
	struct task *next; /* of all that wait, oldest first */
	uint64_t address;  /* 0: it waits for none, or was woken */
	uint32_t bits;
};

struct task {
	struct task *next;   /* of those that run, in the order in which they were started; or of those that have ended */
	uint32_t number;     /* what gettid() says; 0: none, it has ended or was never started */
	uint32_t index;      /* of the thread, for the platform and the host */
	bool entered;        /* the host was asked to start the thread */
	bool ending;         /* another one replaces the program: it ends as soon as it is in the shim */
	bool outside;        /* in a host call that may take long, without the lock */
	uint64_t clear_at;   /* where to write zero when it ends; 0: nowhere */
	uint64_t robust;     /* its list of locks that others shall not wait for in vain; 0: none */
	char name[TASK_NAME];  /* zeroes after its end */
	int32_t nice;          /* remembered only */
	uint32_t death_signal; /* PR_SET_PDEATHSIG, which nobody sends: there is no parent */
	struct task_wait wait;
	struct task_futex futex;
	struct task_signals signals;
};

/* The first of the tasks that run. */
struct task *task_first(void);

/* The running task of a number, or NULL; 0 is the caller. */
struct task *task_find(uint64_t number);

/* The thread that boots the Keep becomes the application's first; a Keep can have `threads` in all. */
void task_boot(uint64_t threads);

/* Names the first task after its program, by the path that the program was started by. */
void task_name(const char *path);

/* How many tasks there can be at once: the processors that the application sees. */
uint64_t task_most(void);

/* It is no longer among those that run; false when it is the last. */
bool task_remove(struct task *task);

/* ---- threads.c ---- */

/* A task for clone(), with a number and not among those that run yet; NULL when all threads are in use. */
struct task *task_new(void);

/* It runs from now on; or never will: its thread is free again. */
void task_add(struct task *task);
void task_put(struct task *task);

/* The caller ends: the last one ends the Keep with this wait status. */
_Noreturn void task_end(uint32_t status);

/* Ends all but the caller, which is the application's first task then. They have run their last instruction when it returns. */
void task_end_others(void);

/* The end of one that was in a host call meanwhile. */
_Noreturn void task_end_removed(void);

#endif
