/* SPDX-License-Identifier: Apache-2.0 */
#include "include/pvm.h"
#include "include/switchless.h"
#include "include/tee.h"
#include "../core/include/debug.h"
#include "../core/include/platform.h"

void platform_set_canary(uint64_t canary)
{
	vcpu_self()->canary = canary;
}

void platform_set_fs(uint64_t base)
{
	vcpu_self()->exec_fs = base;
	write_fs_base(base);
}

void platform_start(uint64_t entry, uint64_t stack)
{
	struct vcpu *self = vcpu_self();

	*vcpu_frame(self) = (struct trap_frame){ .rip = entry, .rsp = stack };
	platform_set_fs(0);
	state_clear();
	trap_return(self);
}

uint64_t platform_direct_entry(void)
{
	return (uint64_t)direct_entry;
}

/* RDRAND in its 64-bit form, as in SGX. */
bool platform_random(uint64_t *word)
{
	bool good;

	__asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(good));
	return good;
}

uint32_t platform_hwcap(void)
{
	return tee_hwcap();
}

bool platform_config_is(const uint8_t digest[static 32])
{
	return tee_config_is(digest);
}

/* What the block's address is, nobody needs to be asked. */
void block_take(struct vcpu *vcpu)
{
	uint64_t index = ((uint64_t)vcpu - (uint64_t)vcpu_at(0)) / VM_MAP_VCPU_STRIDE;

	vcpu->call.block = (struct hostcall_block *)(VM_MAP_SHARED + index * HOSTCALL_BLOCK_SIZE);
}

struct ending keep_ending;

static _Noreturn void end(uint64_t why, uint64_t rsi, uint64_t rdx)
{
	if (!__atomic_exchange_n(&keep_ending.claimed, 1, __ATOMIC_ACQ_REL)) {
		keep_ending.rsi = rsi;
		keep_ending.rdx = rdx;
		__atomic_store_n(&keep_ending.why, why, __ATOMIC_RELEASE);
	}
	tee_leave((uint32_t)why, rsi, rdx);
}

void keep_end(uint32_t status)
{
	debug_ends(status);
	end(EXIT_WHY_ENDED, status, 0);
}

/* The host learns the reason, and which of the shim's (public) instructions gave it: nothing of the Keep's data. */
__attribute__((noinline)) void keep_refuse(uint32_t reason)
{
	end(EXIT_WHY_REFUSED, reason, (uint64_t)__builtin_return_address(0) - keep_base());
}

/* A Keep that has found its host lying does nothing more, however many vCPUs it has. */
void hostcall_transfer(struct hostcall *call)
{
	if (!switchless_answered(call))
		tee_out(EXIT_WHY_HOSTCALL);
	if (__atomic_load_n(&keep_ending.why, __ATOMIC_ACQUIRE) != 0)
		tee_leave((uint32_t)keep_ending.why, keep_ending.rsi, keep_ending.rdx);
}

/* GCC calls this when a function finds its canary changed. */
_Noreturn void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
	keep_refuse(REASON_SHIM_FAULT);
}
