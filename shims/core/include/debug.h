/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a shim with the switch `debug` tells its host. The switch is compiled in, so it is measured: whoever attests a
 * Keep sees whether its shim can talk. Without it these are nothing.
 */
#ifndef MOTTE_DEBUG_H
#define MOTTE_DEBUG_H

#include <stdint.h>
#include "shim_config.h"
#include "syscall.h"

#ifdef SHIM_HAS_DEBUG
/* Before and after a system call. No lock is held: the host may take its time, and other threads go on meanwhile. */
void debug_call(const struct syscall_frame *frame);
void debug_result(const struct syscall_frame *frame, long result);

/* The Keep is about to end with this wait status. */
void debug_ends(uint32_t status);
#else
static inline void debug_call(const struct syscall_frame *frame)
{
	(void)frame;
}

static inline void debug_result(const struct syscall_frame *frame, long result)
{
	(void)frame;
	(void)result;
}

static inline void debug_ends(uint32_t status)
{
	(void)status;
}
#endif

#endif
