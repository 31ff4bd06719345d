/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform table: all in which the platforms differ that a VM-based Keep runs on (docs/vm-keep.md, "Another platform").
 * tee.c picks by the mode, a constant of a measured page, with no indirect calls (ADR 0005).
 */
#ifndef MOTTE_VM_TEE_H
#define MOTTE_VM_TEE_H

#include "vm_keep.h"

/* Whether VM_INFO's mode is one of them, with such a C-bit and such views of the page tables as it has. */
bool tee_is_known(const struct vm_info *info);

/* Holds the mode against the CPU, before any word of the host's is looked at. */
void tee_check(void);

/* This vCPU's way out. */
void tee_start(struct vcpu *vcpu);

/* What the platform has put into the Keep: by the first vCPU, when it can leave. */
void tee_boot(void);

/* Guest pages at [offset, offset + length) that the host has just given. */
void tee_own(uint64_t offset, uint64_t length);

/* The 2 MiB of guest pages at `offset`, which are validated and seen at `seen_at`, are the host's until they are owned and validated again. */
void tee_disown(uint64_t offset, uint64_t seen_at);

/* The 2 MiB of guest pages that are seen at `address` are used for the first time. */
void tee_validate(uint64_t address);

/* #VC of ring 3: whether the exec goes on at frame->rip. */
bool tee_exception(struct trap_frame *frame);

/* Whether an exception of ring 3 can follow from where it was, so far as a host that is not trusted could have made it up. */
bool tee_is_plausible(const struct trap_frame *frame);

/* CPUID.1:EDX. */
uint32_t tee_hwcap(void);

/* Whether `digest` is that of the config blob that is attested. */
bool tee_config_is(const uint8_t digest[static 32]);

/* The Keep is over. */
_Noreturn void tee_leave(uint32_t why, uint64_t rsi, uint64_t rdx);

void tee_out_protected(uint32_t why);

/* A host call. Plain KVM's costs what it did: a KVM in software takes a microsecond for each instruction of ring 0. */
static inline void tee_out(uint32_t why)
{
	if (vm_info()->mode == VM_MODE_KVM)
		vm_out(why);
	else
		tee_out_protected(why);
}

#endif
