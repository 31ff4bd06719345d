/* SPDX-License-Identifier: Apache-2.0 */
#include "include/hostcall.h"
#include "include/lock.h"
#include "include/platform.h"
#include "include/task.h"

void hostcall_unlock(void)
{
	task_self()->outside = !task_self()->wait.asleep;
	core_unlock();
}

void hostcall_lock(void)
{
	struct task *self = task_self();

	core_lock();
	if (SHIM_THREADS && self->outside && self->ending)
		task_end_removed();
	self->outside = false;
}
