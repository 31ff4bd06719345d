/* SPDX-License-Identifier: Apache-2.0 */
/* Threads besides the first: how one is prepared by another, and entered. */
#include "include/sgx_keep.h"
#include "../core/include/lock.h"
#include "../core/include/memory.h"
#include "../core/include/platform.h"
#include "../core/include/syscall.h"

/* What RFLAGS of a call by the direct entry are taken to be: nothing but the bit that is always one. */
#define FLAGS_NONE 2

_Static_assert(__builtin_offsetof(struct landing_frame, number) == __builtin_offsetof(struct syscall_frame, number), "frame");
_Static_assert(__builtin_offsetof(struct landing_frame, arg) == __builtin_offsetof(struct syscall_frame, arg), "frame");

_Noreturn void boot_task(struct thread *thread, uint64_t block, uint64_t size);

/* Held for a look at all blocks, and across no host call: before it has one, a thread can do nothing but spin. */
static uint32_t blocks_locked;

/* Who asked for it has the lock until all is prepared, which may take long: for that one is waited with the host's help. */
void boot_task(struct thread *thread, uint64_t block, uint64_t size)
{
	while (__atomic_exchange_n(&blocks_locked, 1, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
	block_take(thread, block, size);
	__atomic_store_n(&blocks_locked, 0, __ATOMIC_RELEASE);
	core_lock();
	core_unlock();
	landing_task();
}

/*
 * Both ways into a system call have left the same frame. The new task goes on by landing_task, which ends as the
 * return from a trapped call does; one that comes from the direct entry goes on after the `call`.
 */
void platform_thread_copy(struct task *task, const struct syscall_frame *frame, uint64_t stack, uint64_t fs)
{
	struct thread *self = thread_self(), *thread = thread_of(task);
	struct landing_frame *to = thread_frame(thread);

	*to = *(const struct landing_frame *)frame;
	if (!self->trapped) {
		to->rflags = FLAGS_NONE;
		to->rip = 0;
		/* The return address was there when the call was made; another thread may have taken it away since. */
		if (!memory_touch(self->exec_rsp, sizeof(to->rip), PERM_R))
			to->rip = *(const uint64_t *)self->exec_rsp;
	}
	thread->canary = self->canary;
	thread->exec_rsp = stack;
	thread->exec_fs = fs;
	thread->trapped = 0;
	sgx_save_state(thread->xsave);
}

void platform_thread_expect(struct task *task)
{
	__atomic_store_n(&thread_of(task)->state, THREAD_EXPECTED, __ATOMIC_RELEASE);
}

bool platform_thread_refuse(struct task *task)
{
	uint32_t expected = THREAD_EXPECTED;

	return __atomic_compare_exchange_n(&thread_of(task)->state, &expected, THREAD_FRESH, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* Host calls must leave alone what clone() writes for the next task. */
void platform_thread_idle(void)
{
	thread_self()->trapped = 0;
}

void platform_thread_begin(void)
{
	landing_task();
}
