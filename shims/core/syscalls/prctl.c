/* SPDX-License-Identifier: Apache-2.0 */
/* prctl(): names, and what a process without parents, children and privileges can say of itself. */
#include "../include/bytes.h"
#include "../include/capability.h"
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
#define PR_CAPBSET_READ 23
#define PR_CAPBSET_DROP 24
#define PR_SET_NO_NEW_PRIVS 38
#define PR_GET_NO_NEW_PRIVS 39

/* Shown and nothing more: nobody dumps a Keep. */
static bool undumpable;

/* Shown too: no program that execve() starts has more privileges than this one. */
static bool no_new_privileges;

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

/* It cannot be taken back, and wants the other arguments to be zero. */
static long set_no_new_privileges(const struct syscall_frame *frame)
{
	if (frame->arg[1] != 1 || frame->arg[2] != 0 || frame->arg[3] != 0 || frame->arg[4] != 0)
		return -EINVAL;
	no_new_privileges = true;
	return 0;
}

static long get_no_new_privileges(const struct syscall_frame *frame)
{
	for (unsigned i = 1; i <= 4; i++)
		if (frame->arg[i] != 0)
			return -EINVAL;
	return no_new_privileges;
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
	case PR_CAPBSET_READ:
		return capability_is_bounding(argument);
	case PR_CAPBSET_DROP:
		return capability_drop(argument);
	case PR_SET_NO_NEW_PRIVS:
		return set_no_new_privileges(frame);
	case PR_GET_NO_NEW_PRIVS:
		return get_no_new_privileges(frame);
	default:
		return -EINVAL;
	}
}
