/* SPDX-License-Identifier: Apache-2.0 */
#include "include/lock.h"
#include "generated/hostcall_guest.h"
#include "include/platform.h"

/* Most system calls are done in less time than so many PAUSEs take; the others wait for the host themselves. */
#define SPINS 200

uint32_t core_locked;

bool core_lock_spin(void)
{
	for (unsigned i = 0; i < SPINS; i++) {
		/* Looks before it tries: the holder's cache line stays where it is meanwhile. */
		if (!__atomic_load_n(&core_locked, __ATOMIC_RELAXED) && core_try_lock())
			return true;
		__builtin_ia32_pause();
	}
	return core_try_lock();
}

/* The host call needs no lock: a thread's block is its own, and sched_yield has no state. */
void core_lock_contended(void)
{
	while (!core_lock_spin())
		(void)host_sched_yield(platform_call());
}
