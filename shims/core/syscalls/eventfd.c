/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/eventfd.h"
#include "../include/files.h"
#include "../include/linux.h"
#include "../include/syscall.h"

#define EFD_SEMAPHORE 1

static long make(uint32_t count, uint32_t flags)
{
	struct file *file;

	if (flags & ~(uint32_t)(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	file = eventfd_open(count, flags & EFD_SEMAPHORE, flags & O_NONBLOCK);
	return file ? files_open(file, flags & O_CLOEXEC) : -ENOMEM;
}

long sys_eventfd(const struct syscall_frame *frame)
{
	return make((uint32_t)frame->arg[0], 0);
}

long sys_eventfd2(const struct syscall_frame *frame)
{
	return make((uint32_t)frame->arg[0], (uint32_t)frame->arg[1]);
}
