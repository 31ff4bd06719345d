/* SPDX-License-Identifier: Apache-2.0 */
/* What trap.S calls, on the vCPU's stack, and how a frame becomes a signal's context. */
#ifndef MOTTE_VM_TRAP_H
#define MOTTE_VM_TRAP_H

#include "vcpu.h"

/*
 * A system call; and an exception of ring 3 or SHOOTDOWN, with what CR2 had. The frame then says how the exec goes on.
 */
void trap_handle_call(struct trap_frame *frame);
void trap_handle(struct trap_frame *frame, uint64_t address);

/* The last of ring 0: from here on another vCPU must interrupt this one. */
void trap_leave(struct vcpu *vcpu, struct trap_frame *frame);

struct context;

/* The exec where it was stopped, with its extended state saved; and back. */
void context_load(struct context *context, const struct trap_frame *frame);
void context_store(const struct context *context, struct trap_frame *frame);

#endif
