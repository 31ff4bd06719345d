/* SPDX-License-Identifier: Apache-2.0 */
/* Plain KVM: what tee.c calls. Nothing of a Keep is protected there. */
#ifndef MOTTE_VM_KVM_H
#define MOTTE_VM_KVM_H

#include <stdbool.h>
#include <stdint.h>
#include "vcpu.h"

void kvm_check(void);

/* Takes the host's word for what kind of KVM it is. */
void kvm_boot(void);

/* Whether a page fault of ring 3 is a SYSCALL, as a KVM in software delivers it; the frame is then one of SYSCALL. */
bool kvm_is_call(struct trap_frame *frame);

uint32_t kvm_hwcap(void);

#endif
