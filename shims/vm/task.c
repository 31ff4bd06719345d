/* SPDX-License-Identifier: Apache-2.0 */
/* Threads besides the first: how one is prepared by another, and started. */
#include "include/pvm.h"
#include "include/tee.h"
#include "../core/include/bytes.h"
#include "../core/include/lock.h"
#include "../core/include/platform.h"
#include "../core/include/syscall.h"

/* All are in the plan: there is nothing to make. */
struct task *platform_thread_make(uint64_t index)
{
	return &vcpu_at(index)->task;
}

_Noreturn void boot_task(struct vcpu *vcpu);

/* Who asked for it has the lock until all is prepared. */
__attribute__((no_stack_protector)) void boot_task(struct vcpu *vcpu)
{
	if (!pvm_host)
		tables_load(vcpu);
	block_take(vcpu);
	tee_start(vcpu);
	core_lock();
	core_unlock();
	platform_thread_begin();
}

/* The new task goes on after the same `syscall`, on its own stack. */
void platform_thread_copy(struct task *task, const struct syscall_frame *frame, uint64_t stack, uint64_t fs)
{
	struct vcpu *self = vcpu_self(), *vcpu = vcpu_of(task);
	struct trap_frame *to = vcpu_frame(vcpu);

	*to = *(const struct trap_frame *)frame;
	to->rax = 0; /* clone()'s result in the new task */
	to->rsp = stack;
	vcpu->canary = self->canary;
	vcpu->exec_fs = fs;
	state_save(self);
	memcpy(vcpu->xsave, self->xsave, sizeof(vcpu->xsave));
}

void platform_thread_expect(struct task *task)
{
	__atomic_store_n(&vcpu_of(task)->state, VCPU_EXPECTED, __ATOMIC_RELEASE);
}

bool platform_thread_refuse(struct task *task)
{
	uint32_t expected = VCPU_EXPECTED;

	return __atomic_compare_exchange_n(&vcpu_of(task)->state, &expected, VCPU_FRESH, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* A host call leaves a vCPU's registers alone, and who waits for a task has none worth keeping. */
void platform_thread_idle(void)
{
}

void platform_thread_begin(void)
{
	struct vcpu *self = vcpu_self();

	state_load(self);
	write_fs_base(self->exec_fs);
	trap_return(self);
}
