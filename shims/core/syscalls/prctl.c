/* SPDX-License-Identifier: Apache-2.0 */
/* prctl(): names, and what a process without parents, children and privileges can say of itself. */
#include "../include/bytes.h"
#include "../include/linux.h"
#include "../include/platform.h"
#include "../include/signal.h"
#include "../include/syscall.h"
#include "../include/task.h"
#include "../include/user.h"

#define PR_SET_PDEATHSIG 1
#define PR_GET_PDEATHSIG 2
#define PR_GET_DUMPABLE 3
#define PR_SET_DUMPABLE 4
#define PR_SET_NAME 15
#define PR_GET_NAME 16

/* Shown and nothing more: nobody dumps a Keep. */
static bool undumpable;

/* A longer name is cut. */
static long set_name(uint64_t from)
{
	char name[TASK_NAME] = { 0 };

	for (size_t i = 0; i < TASK_NAME - 1; i++) {
		if (user_get(&name[i], from + i, 1))
			return -EFAULT;
		if (name[i] == '\0')
			break;
	}
	memcpy(task_self()->name, name, sizeof(name));
	return 0;
}

static long set_death_signal(uint64_t number)
{
	if (number > SIGNALS)
		return -EINVAL;
	task_self()->death_signal = (uint32_t)number;
	return 0;
}

static long set_dumpable(uint64_t how)
{
	if (how > 1)
		return -EINVAL;
	undumpable = how == 0;
	return 0;
}

long sys_prctl(const struct syscall_frame *frame)
{
	uint64_t argument = frame->arg[1];
	const struct task *self = task_self();

	switch ((uint32_t)frame->arg[0]) {
	case PR_SET_NAME:
		return set_name(argument);
	case PR_GET_NAME:
		return user_put(argument, self->name, sizeof(self->name));
	case PR_SET_PDEATHSIG:
		return set_death_signal(argument);
	case PR_GET_PDEATHSIG:
		return user_put(argument, &self->death_signal, sizeof(self->death_signal));
	case PR_SET_DUMPABLE:
		return set_dumpable(argument);
	case PR_GET_DUMPABLE:
		return !undumpable;
	default:
		return -EINVAL;
	}
}
