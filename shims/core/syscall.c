/* SPDX-License-Identifier: Apache-2.0 */
#include "include/syscall.h"
#include "include/linux.h"

/* A comparison tree and not a table of addresses: there are no indirect calls in the shim (docs/adr/0005). */
static long serve(const struct syscall_frame *frame)
{
	switch (frame->number) {
#define SERVE(number, name) \
	case number:        \
		return sys_##name(frame);
	SHIM_SYSCALLS(SERVE)
#undef SERVE
	default:
		return -ENOSYS;
	}
}

uint64_t syscall_dispatch(const struct syscall_frame *frame)
{
	return (uint64_t)serve(frame);
}
