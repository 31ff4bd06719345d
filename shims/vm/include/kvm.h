/* SPDX-License-Identifier: Apache-2.0 */
/* Plain KVM: what tee.c calls. Nothing of a Keep is protected there. */
#ifndef MOTTE_VM_KVM_H
#define MOTTE_VM_KVM_H

#include <stdint.h>
#include "vcpu.h"

/* The mode against the CPU; and the same, in ring 0. */
void kvm_check(void);
void kvm_check_mode(void);

uint32_t kvm_hwcap(void);

#endif
