/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/limits.h"
#include "../include/linux.h"
#include "../include/syscall.h"
#include "../include/user.h"

/* The old limit goes to `to`, if that is not 0; the new one comes from `from`, if that is not. */
static long limit(uint64_t which, uint64_t from, uint64_t to)
{
	struct rlimit old, new;
	long error = 0;

	if (!limit_of(which))
		return -EINVAL;
	if (from && user_get(&new, from, sizeof(new)))
		return -EFAULT;
	old = *limit_of(which);
	if (from)
		error = limit_set(which, &new);
	return error || !to ? error : user_put(to, &old, sizeof(old));
}

/* Unlike prlimit64() these two want an address. */
long sys_getrlimit(const struct syscall_frame *frame)
{
	return limit_of(frame->arg[0]) && !frame->arg[1] ? -EFAULT : limit(frame->arg[0], 0, frame->arg[1]);
}

long sys_setrlimit(const struct syscall_frame *frame)
{
	return frame->arg[1] ? limit(frame->arg[0], frame->arg[1], 0) : -EFAULT;
}

long sys_prlimit64(const struct syscall_frame *frame)
{
	if (frame->arg[0] > 1)
		return -ESRCH;
	return limit(frame->arg[1], frame->arg[2], frame->arg[3]);
}
