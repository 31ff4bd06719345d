/* SPDX-License-Identifier: Apache-2.0 */
/* The VM's part of core/include/platform.h that is inline; included by it alone. */
#ifndef MOTTE_VM_PLATFORM_INLINE_H
#define MOTTE_VM_PLATFORM_INLINE_H

#include "shim_config.h"
#include "vm_keep.h"

static inline struct span platform_keep(void)
{
	return (struct span){ keep_base(), keep_base() + vm_info()->heap_end };
}

static inline struct span platform_shim(void)
{
	return (struct span){ keep_base(), keep_base() + vm_info()->exec_start };
}

static inline bool platform_lazy(void)
{
	return true;
}

static inline bool platform_late_code(void)
{
	return true;
}

static inline struct hostcall *platform_call(void)
{
	return &vcpu_self()->call;
}

static inline uint64_t platform_get_fs(void)
{
	return vcpu_self()->exec_fs;
}

static inline uint64_t platform_exec_rsp(void)
{
	return vcpu_frame(vcpu_self())->rsp;
}

#ifdef SHIM_HAS_DEBUG
static inline const struct caller *platform_caller(void)
{
	return &vcpu_self()->caller;
}
#endif

static inline struct task *task_self(void)
{
	return &vcpu_self()->task;
}

static inline bool platform_task_ends(void)
{
	return __atomic_load_n(&task_self()->ending, __ATOMIC_RELAXED);
}

/* In a window of their own, so that the addresses of ring 3 have no page that is not ring 3's. */
static inline uint64_t platform_own(uint64_t address)
{
	return address | VM_MAP_OWN;
}

static inline uint64_t platform_plain(uint64_t address)
{
	return address & ~(uint64_t)VM_MAP_OWN;
}

/* Whoever had the lock before may have changed the page tables: this vCPU's TLB must not say otherwise. */
static inline void platform_locked(void)
{
	struct vcpu *self = vcpu_self();

	if (self->flushed != __atomic_load_n(&paging_changes, __ATOMIC_ACQUIRE))
		paging_catch_up(self);
}

/* Another vCPU's word too: it is looked at when that one's next system call returns. */
static inline void platform_signal_due(struct task *task, bool due)
{
	__atomic_store_n(&vcpu_of(task)->signal_due, due, __ATOMIC_RELAXED);
}

#endif
