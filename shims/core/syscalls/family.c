/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process without relatives: it leads its session and its group, both of which have its number, as the first process of a
 * container does; and it has no children, so there is nobody to wait for.
 */
#include <stddef.h>
#include "../include/linux.h"
#include "../include/syscall.h"
#include "../include/task.h"

#define PID 1

#define WNOHANG 1u
#define WUNTRACED 2u /* WSTOPPED of waitid() */
#define WEXITED 4u
#define WCONTINUED 8u
#define WNOWAIT 0x1000000u
#define ANY_KIND 0xe0000000u /* __WNOTHREAD, __WALL, __WCLONE */

#define P_ALL 0
#define P_PID 1
#define P_PGID 2
#define P_PIDFD 3

#define PER_LINUX 0
#define PER_ASK 0xffffffffu

/* Whose number it is: a thread's too, as for Linux. */
static bool is_ours(uint64_t number)
{
	return (int32_t)number >= 0 && task_find((uint32_t)number) != NULL;
}

long sys_getpgid(const struct syscall_frame *frame)
{
	return is_ours(frame->arg[0]) ? PID : -ESRCH;
}

long sys_getsid(const struct syscall_frame *frame)
{
	return is_ours(frame->arg[0]) ? PID : -ESRCH;
}

/* Whoever leads a session stays where it is. */
long sys_setpgid(const struct syscall_frame *frame)
{
	int32_t number = (int32_t)frame->arg[0], group = (int32_t)frame->arg[1];

	if (group < 0 || (group == 0 && number < 0)) /* 0: as the number */
		return -EINVAL;
	return number < 0 || number > PID ? -ESRCH : -EPERM;
}

long sys_setsid(const struct syscall_frame *frame)
{
	(void)frame;
	return -EPERM;
}

long sys_wait4(const struct syscall_frame *frame)
{
	if ((uint32_t)frame->arg[2] & ~(WNOHANG | WUNTRACED | WCONTINUED | ANY_KIND))
		return -EINVAL;
	return (int32_t)frame->arg[0] == INT32_MIN ? -ESRCH : -ECHILD; /* it has no positive counterpart */
}

long sys_waitid(const struct syscall_frame *frame)
{
	uint32_t options = (uint32_t)frame->arg[3];
	int32_t number = (int32_t)frame->arg[1];

	if (options & ~(WNOHANG | WUNTRACED | WEXITED | WCONTINUED | WNOWAIT | ANY_KIND))
		return -EINVAL;
	if ((options & (WUNTRACED | WEXITED | WCONTINUED)) == 0)
		return -EINVAL;
	switch ((uint32_t)frame->arg[0]) {
	case P_ALL:
		return -ECHILD;
	case P_PID:
		return number <= 0 ? -EINVAL : -ECHILD;
	case P_PGID:
		return number < 0 ? -EINVAL : -ECHILD;
	case P_PIDFD:
		return number < 0 ? -EINVAL : -EBADF; /* no descriptor is one of a process */
	default:
		return -EINVAL;
	}
}

/* One way to behave, and no other. */
long sys_personality(const struct syscall_frame *frame)
{
	uint32_t wanted = (uint32_t)frame->arg[0];

	return wanted == PER_ASK || wanted == PER_LINUX ? PER_LINUX : -EINVAL;
}
