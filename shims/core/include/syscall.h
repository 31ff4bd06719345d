/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls. The table is the platform's components.json: name and number, by component. shimgen makes SHIM_SYSCALLS of
 * what a configuration allows; what it does not allow is ENOSYS and leaves no symbol. To add a call is to add a line
 * there and its handler, sys_NAME, here.
 *
 * A handler returns Linux's result; pointers in the frame are the application's and go through user.h or
 * memory_touch().
 */
#ifndef MOTTE_SYSCALL_H
#define MOTTE_SYSCALL_H

#include <stdint.h>
#include "shim_config.h"

struct syscall_frame {
	uint64_t number;
	uint64_t arg[6];
};

/* Called by the platform's landing code; what the frame has first is in registers as well, where no load is waited for. */
uint64_t syscall_dispatch(uint64_t first, uint64_t second, uint64_t third, uint64_t number, const struct syscall_frame *frame);

#define DECLARE(number, name) long sys_##name(const struct syscall_frame *frame);
SHIM_SYSCALLS(DECLARE)
#undef DECLARE

#endif
