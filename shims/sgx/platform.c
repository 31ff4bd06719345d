/* SPDX-License-Identifier: Apache-2.0 */
#include "../core/include/debug.h"
#include "../core/include/platform.h"
#include "include/sgx_keep.h"

void platform_set_canary(uint64_t canary)
{
	thread_self()->canary = canary;
}

void platform_start(uint64_t entry, uint64_t stack)
{
	platform_set_fs(0);
	landing_start(entry, stack);
}

uint64_t platform_direct_entry(void)
{
	return (uint64_t)landing_direct;
}

/* RDRAND in its 64-bit form. RDSEED may be missing, and in an enclave nobody trustworthy could say so. */
bool platform_random(uint64_t *word)
{
	bool good;

	__asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(good));
	return good;
}

struct ending keep_ending;

void keep_is_over(uint64_t why, uint64_t rsi, uint64_t rdx)
{
	if (__atomic_exchange_n(&keep_ending.claimed, 1, __ATOMIC_ACQ_REL))
		return;
	keep_ending.rsi = rsi;
	keep_ending.rdx = rdx;
	__atomic_store_n(&keep_ending.why, why, __ATOMIC_RELEASE);
}

void keep_end(uint32_t status)
{
	debug_ends(status);
	keep_is_over(EXIT_WHY_ENDED, status, 0);
	sgx_end(EXIT_WHY_ENDED, status, 0);
}

/* The host learns the reason, and which of the shim's (public) instructions gave it: nothing of the Keep's data. */
__attribute__((noinline)) void keep_refuse(uint32_t reason)
{
	uint64_t offset = (uint64_t)__builtin_return_address(0) - keep_base();

	keep_is_over(EXIT_WHY_REFUSED, reason, offset);
	sgx_end(EXIT_WHY_REFUSED, reason, offset);
}

/* GCC calls this when a function finds its canary changed. */
_Noreturn void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
	keep_refuse(REASON_SHIM_FAULT);
}
