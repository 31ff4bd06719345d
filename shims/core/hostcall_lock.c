/* SPDX-License-Identifier: Apache-2.0 */
#include "include/hostcall.h"
#include "include/lock.h"

void hostcall_unlock(void)
{
	core_unlock();
}

void hostcall_lock(void)
{
	core_lock();
}
