/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduling is the host's. What programs ask is answered as of a machine with a processor for each thread that the Keep
 * can have, where all run by SCHED_OTHER; what they want otherwise is checked, and changes nothing.
 */
#include "../include/bytes.h"
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/syscall.h"
#include "../include/task.h"
#include "../include/user.h"

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5
#define SCHED_DEADLINE 6
#define SCHED_RESET_ON_FORK 0x40000000u
#define REALTIME_MOST 99
#define NICE_NORMAL 20
#define NICE_MOST 19

#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2

/* Bytes of a mask with a bit for each processor that Linux's own for x86-64 may have. */
#define MASK_BYTES 32

static struct task *find(uint64_t number)
{
	return (int32_t)number < 0 ? NULL : task_find((uint32_t)number);
}

static void fill(uint8_t mask[static MASK_BYTES])
{
	memset(mask, 0, MASK_BYTES);
	for (uint64_t i = 0; i < task_most(); i++)
		mask[i / 8] |= (uint8_t)(1u << (i % 8));
}

/* Whole words, and as many as there are processors at least. */
static uint64_t bytes_of_mask(void)
{
	return (task_most() + 63) / 64 * sizeof(uint64_t);
}

long sys_sched_getaffinity(const struct syscall_frame *frame)
{
	uint8_t mask[MASK_BYTES];
	uint64_t length = frame->arg[1] < MASK_BYTES ? frame->arg[1] : MASK_BYTES;

	if (length < bytes_of_mask() || frame->arg[1] % sizeof(uint64_t) != 0)
		return -EINVAL;
	if (find(frame->arg[0]) == NULL)
		return -ESRCH;
	fill(mask);
	return user_put(frame->arg[2], mask, length) ? -EFAULT : (long)length;
}

long sys_sched_setaffinity(const struct syscall_frame *frame)
{
	uint8_t wanted[MASK_BYTES] = { 0 }, mask[MASK_BYTES];
	uint64_t length = frame->arg[1] < MASK_BYTES ? frame->arg[1] : MASK_BYTES;
	uint8_t common = 0;

	if (user_get(wanted, frame->arg[2], length))
		return -EFAULT;
	if (find(frame->arg[0]) == NULL)
		return -ESRCH;
	fill(mask);
	for (uint64_t i = 0; i < MASK_BYTES; i++)
		common |= wanted[i] & mask[i];
	return common ? 0 : -EINVAL;
}

static bool is_policy(uint64_t policy)
{
	return policy == SCHED_OTHER || policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_BATCH ||
	       policy == SCHED_IDLE;
}

static bool is_realtime(uint64_t policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

long sys_sched_getscheduler(const struct syscall_frame *frame)
{
	if ((int32_t)frame->arg[0] < 0)
		return -EINVAL;
	return find(frame->arg[0]) == NULL ? -ESRCH : SCHED_OTHER;
}

long sys_sched_getparam(const struct syscall_frame *frame)
{
	const int32_t priority = 0;

	if ((int32_t)frame->arg[0] < 0 || frame->arg[1] == 0)
		return -EINVAL;
	if (find(frame->arg[0]) == NULL)
		return -ESRCH;
	return user_put(frame->arg[1], &priority, sizeof(priority));
}

/* Only what is so already. */
static long set(uint64_t number, uint64_t policy, uint64_t from)
{
	int32_t priority;

	if ((int32_t)number < 0 || from == 0)
		return -EINVAL;
	if (user_get(&priority, from, sizeof(priority)))
		return -EFAULT;
	if (find(number) == NULL)
		return -ESRCH;
	if (!is_policy(policy) || (is_realtime(policy) ? priority < 1 || priority > REALTIME_MOST : priority != 0))
		return -EINVAL;
	return is_realtime(policy) ? -EPERM : 0;
}

long sys_sched_setparam(const struct syscall_frame *frame)
{
	return set(frame->arg[0], SCHED_OTHER, frame->arg[1]);
}

long sys_sched_setscheduler(const struct syscall_frame *frame)
{
	return set(frame->arg[0], (uint32_t)frame->arg[1] & ~SCHED_RESET_ON_FORK, frame->arg[2]);
}

/* SCHED_DEADLINE is asked for by sched_setattr() alone, but has a range: 0 to 0. */
static bool has_range(uint64_t policy)
{
	return is_policy(policy) || policy == SCHED_DEADLINE;
}

long sys_sched_get_priority_max(const struct syscall_frame *frame)
{
	return has_range(frame->arg[0]) ? is_realtime(frame->arg[0]) ? REALTIME_MOST : 0 : -EINVAL;
}

long sys_sched_get_priority_min(const struct syscall_frame *frame)
{
	return has_range(frame->arg[0]) ? is_realtime(frame->arg[0]) : -EINVAL;
}

/* Whom getpriority() and setpriority() are about: one task, or all of them as of one process and one user. */
static long whose(const struct syscall_frame *frame, struct task **first, struct task **end)
{
	uint64_t which = frame->arg[0], who = (uint32_t)frame->arg[1];

	if (which > PRIO_USER)
		return -EINVAL;
	*first = which == PRIO_PROCESS ? find(who) : task_first();
	if (*first == NULL || (which == PRIO_PGRP && who > TASK_FIRST) || (which == PRIO_USER && who != 0))
		return -ESRCH;
	*end = which == PRIO_PROCESS ? (*first)->next : NULL;
	return 0;
}

/* As Linux tells it: 20 minus the lowest nice value. */
long sys_getpriority(const struct syscall_frame *frame)
{
	struct task *task, *end;
	long error = whose(frame, &task, &end), most = 0;

	if (error)
		return error;
	for (; task != end; task = task->next)
		most = NICE_NORMAL - task->nice > most ? NICE_NORMAL - task->nice : most;
	return most;
}

/* One may always be nicer, and never less. */
long sys_setpriority(const struct syscall_frame *frame)
{
	int32_t nice = (int32_t)frame->arg[2];
	struct task *task, *end;
	long error = whose(frame, &task, &end);

	if (error)
		return error;
	nice = nice > NICE_MOST ? NICE_MOST : nice;
	for (; task != end; task = task->next) {
		if (nice < task->nice)
			error = -EACCES;
		else
			task->nice = nice;
	}
	return error;
}

/* Each task has a processor of its own: the one of its thread. */
long sys_getcpu(const struct syscall_frame *frame)
{
	const uint32_t cpu = task_self()->index, node = 0;

	if (frame->arg[0] != 0 && user_put(frame->arg[0], &cpu, sizeof(cpu)))
		return -EFAULT;
	return frame->arg[1] == 0 ? 0 : user_put(frame->arg[1], &node, sizeof(node));
}
