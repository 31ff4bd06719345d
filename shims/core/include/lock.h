/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one lock of the core (docs/adr/0018). Whoever looks at or changes what the application's threads share holds it:
 * a system call from its beginning to its end, an exception while it is looked at. It is given up in wait_event() and in
 * host calls that may take long, and after either everything may have changed.
 *
 * With one thread there is nobody to keep out, and no lock.
 */
#ifndef MOTTE_LOCK_H
#define MOTTE_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "platform.h"
#include "shim_config.h"

extern uint32_t core_locked;

/* Waits for the lock: a while by itself, then by leaving the processor to others. */
void core_lock_contended(void);

/* Tries for a short while. */
bool core_lock_spin(void);

static inline bool core_try_lock(void)
{
	if (!SHIM_THREADS)
		return true;
	if (__atomic_exchange_n(&core_locked, 1, __ATOMIC_ACQUIRE) != 0)
		return false;
	platform_locked();
	return true;
}

static inline void core_lock(void)
{
	if (!core_try_lock())
		core_lock_contended();
}

/* Tries for a short while, without a host call; for the exception handler, which must make none. */
static inline bool core_lock_briefly(void)
{
	return core_try_lock() || core_lock_spin();
}

static inline void core_unlock(void)
{
	if (SHIM_THREADS)
		__atomic_store_n(&core_locked, 0, __ATOMIC_RELEASE);
}

#endif
