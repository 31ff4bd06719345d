/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/linux.h"
#include "../include/platform.h"
#include "../include/syscall.h"
#include "../include/task.h"
#include "../include/user.h"

/* Bytes of struct robust_list_head. */
#define HEAD_BYTES 24

long sys_set_robust_list(const struct syscall_frame *frame)
{
	if (frame->arg[1] != HEAD_BYTES)
		return -EINVAL;
	task_self()->robust = frame->arg[0];
	return 0;
}

long sys_get_robust_list(const struct syscall_frame *frame)
{
	const uint64_t length = HEAD_BYTES;
	const struct task *task = task_find((uint32_t)frame->arg[0]);

	if (task == NULL)
		return -ESRCH;
	if (user_put(frame->arg[2], &length, sizeof(length)))
		return -EFAULT;
	return user_put(frame->arg[1], &task->robust, sizeof(task->robust));
}
