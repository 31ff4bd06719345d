/* SPDX-License-Identifier: Apache-2.0 */
#include "../include/linux.h"
#include "../include/memory.h"
#include "../include/random.h"
#include "../include/syscall.h"

/* GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE: all the same here. */
#define FLAGS 7
/* As Linux: more is cut. */
#define MOST 0x1ffffffull

long sys_getrandom(const struct syscall_frame *frame)
{
	uint64_t length = frame->arg[1] < MOST ? frame->arg[1] : MOST;

	if ((frame->arg[2] & ~(uint64_t)FLAGS) || (frame->arg[2] & 6) == 6)
		return -EINVAL;
	if (memory_touch(frame->arg[0], length, PERM_R | PERM_W))
		return -EFAULT;
	random_bytes((void *)frame->arg[0], length);
	return (long)length;
}
