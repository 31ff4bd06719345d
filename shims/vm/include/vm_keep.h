/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the VM shim share: where the Keep is, and its vCPUs. */
#ifndef MOTTE_VM_KEEP_H
#define MOTTE_VM_KEEP_H

#include <stdbool.h>
#include <stdint.h>
#include "../../core/generated/vm_info.h"
#include <cpu.h>
#include "registers.h"
#include "vcpu.h"

/* The image is linked at 0 and launched at VM_MAP_BASE. */
extern const uint8_t shim_start[];
extern const uint8_t shim_end[];

static inline uint64_t keep_base(void)
{
	return (uint64_t)shim_start;
}

/* The page that the plan measures after the image and a guard. */
static inline const struct vm_info *vm_info(void)
{
	return (const struct vm_info *)(shim_end + PAGE_SIZE);
}

/* The page of a vCPU whose index is below VM_INFO's vcpu_count. */
static inline struct vcpu *vcpu_at(uint64_t index)
{
	return (struct vcpu *)(keep_base() + vm_info()->vcpu_start + index * VM_MAP_VCPU_STRIDE + VM_MAP_VCPU_PAGE);
}

/* Refuses a VM_INFO that contradicts itself: nobody but the plan can have written it, but a plan can be wrong. */
void vm_info_check(void);

/* ---- entry.S, trap.S ---- */
extern const uint8_t trap_stubs[];   /* TRAP_STUB_SIZE bytes for each vector */
extern const uint8_t trap_system_call[];
extern const uint8_t direct_entry[]; /* in the page that ring 3 can execute */
void vm_out(uint32_t why);                                        /* plain KVM's ways out */
_Noreturn void vm_leave(uint32_t why, uint64_t rsi, uint64_t rdx);
_Noreturn void trap_return(struct vcpu *vcpu);

#define TRAP_STUB_SIZE 16

/* ---- tables.c: segments, interrupts, system calls ---- */
void tables_make(void);             /* what all vCPUs share: by the first one */
void tables_load(struct vcpu *vcpu); /* by each */

/* ---- platform.c ---- */
void block_take(struct vcpu *vcpu);

/* ---- state.c: extended state, which C code here leaves alone ---- */
void state_save(struct vcpu *vcpu);
void state_load(struct vcpu *vcpu);
void state_clear(void);
uint32_t state_size(void);
uint64_t state_components(void); /* bits of XCR0 */

/* ---- paging.c ---- */

/* The page tables' count of changes that others must hear of; each vCPU catches up before it relies on its TLB. */
extern uint64_t paging_changes;
void paging_catch_up(struct vcpu *vcpu);

/* How the Keep ended, once `why` is not 0. The first ending counts. */
struct ending {
	uint64_t why, rsi, rdx;
	uint32_t claimed;
};
extern struct ending keep_ending;
_Static_assert(__builtin_offsetof(struct ending, why) == ENDING_WHY, "ending");
_Static_assert(__builtin_offsetof(struct ending, rsi) == ENDING_RSI, "ending");
_Static_assert(__builtin_offsetof(struct ending, rdx) == ENDING_RDX, "ending");
_Static_assert(__builtin_offsetof(struct ending, claimed) == ENDING_CLAIMED, "ending");

#endif
