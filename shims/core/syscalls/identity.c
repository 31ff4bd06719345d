/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups: a Keep has number 0 of each, as a user namespace that maps nothing else. Whoever wants to be another
 * one hears what Linux says of a number that is not mapped.
 */
#include "../include/linux.h"
#include "../include/syscall.h"
#include "../include/user.h"

#define NO_CHANGE UINT32_MAX

/* Of one number, and of those that may be left as they are. */
static long become(uint64_t id)
{
	return (uint32_t)id == 0 ? 0 : -EINVAL;
}

static long become_all(const struct syscall_frame *frame, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if ((uint32_t)frame->arg[i] != NO_CHANGE && become(frame->arg[i]))
			return -EINVAL;
	return 0;
}

long sys_setuid(const struct syscall_frame *frame)
{
	return become(frame->arg[0]);
}

long sys_setgid(const struct syscall_frame *frame)
{
	return become(frame->arg[0]);
}

long sys_setreuid(const struct syscall_frame *frame)
{
	return become_all(frame, 2);
}

long sys_setregid(const struct syscall_frame *frame)
{
	return become_all(frame, 2);
}

long sys_setresuid(const struct syscall_frame *frame)
{
	return become_all(frame, 3);
}

long sys_setresgid(const struct syscall_frame *frame)
{
	return become_all(frame, 3);
}

/* Real, effective, saved: the same for users and groups. */
static long tell(const struct syscall_frame *frame)
{
	const uint32_t id = 0;

	for (unsigned i = 0; i < 3; i++)
		if (user_put(frame->arg[i], &id, sizeof(id)))
			return -EFAULT;
	return 0;
}

long sys_getresuid(const struct syscall_frame *frame)
{
	return tell(frame);
}

long sys_getresgid(const struct syscall_frame *frame)
{
	return tell(frame);
}

/* These say what was before, and never that something is wrong. */
long sys_setfsuid(const struct syscall_frame *frame)
{
	(void)frame;
	return 0;
}

long sys_setfsgid(const struct syscall_frame *frame)
{
	(void)frame;
	return 0;
}

/* No further groups, and none can be joined: a program that drops all of them has its way. */
long sys_getgroups(const struct syscall_frame *frame)
{
	return (int32_t)frame->arg[0] < 0 ? -EINVAL : 0;
}

long sys_setgroups(const struct syscall_frame *frame)
{
	return frame->arg[0] == 0 ? 0 : -EPERM;
}
