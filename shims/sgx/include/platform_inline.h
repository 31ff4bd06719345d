/* SPDX-License-Identifier: Apache-2.0 */
/* SGX's part of core/include/platform.h that is inline; included by it alone. */
#ifndef MOTTE_SGX_PLATFORM_INLINE_H
#define MOTTE_SGX_PLATFORM_INLINE_H

#include "shim_config.h"
#include "sgx_keep.h"

static inline struct span platform_keep(void)
{
	return (struct span){ keep_base(), keep_base() + keep_info()->elrange_size };
}

static inline struct span platform_shim(void)
{
	return (struct span){ keep_base(), keep_base() + keep_info()->exec_start };
}

/* A constant, so that an SGX1 shim has none of the code that only SGX2 runs. */
static inline bool platform_lazy(void)
{
	return SHIM_SGX == 2;
}

static inline bool platform_late_code(void)
{
	return platform_lazy();
}

/* Each look at a clock is a host call: an enclave of SGX1 has no time stamp counter, and of SGX2 none that anybody vouches for. */
static inline bool platform_clock(int32_t clock, struct timespec *time)
{
	(void)clock, (void)time;
	return false;
}

static inline struct hostcall *platform_call(void)
{
	return &thread_self()->call;
}

static inline uint64_t platform_get_fs(void)
{
	return thread_self()->exec_fs;
}

static inline uint64_t platform_exec_rsp(void)
{
	return thread_self()->exec_rsp;
}

#ifdef SHIM_HAS_DEBUG
static inline const struct caller *platform_caller(void)
{
	return &thread_self()->caller;
}
#endif

static inline struct task *task_self(void)
{
	return &thread_self()->task;
}

/* Of one protection domain, the shim's pages are seen where they are. */
static inline uint64_t platform_own(uint64_t address)
{
	return address;
}

static inline uint64_t platform_plain(uint64_t address)
{
	return address;
}

/* The CPU itself sees to it that no thread uses what was taken from it (EACCEPT, ETRACK). */
static inline void platform_locked(void)
{
}

/* Not by task_self(), whose address is loaded and would have to be waited for first. */
static inline bool platform_task_ends(void)
{
	bool ends;

	__asm__ volatile("movb %%gs:%c1, %0" : "=q"(ends) : "i"(__builtin_offsetof(struct thread, task.ending)) : "memory");
	return ends;
}

/* Another thread's word too: it is looked at when that thread's next system call returns. */
static inline void platform_signal_due(struct task *task, bool due)
{
	__atomic_store_n(&thread_of(task)->signal_due, due, __ATOMIC_RELAXED);
}

#endif
