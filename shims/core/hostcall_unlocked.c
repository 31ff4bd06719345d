/* SPDX-License-Identifier: Apache-2.0 */
#include "include/hostcall.h"
#include "include/lock.h"

void hostcall_transfer_unlocked(struct hostcall *call)
{
	core_unlock();
	hostcall_transfer(call);
	core_lock();
}
