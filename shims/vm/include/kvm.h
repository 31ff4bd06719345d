/* SPDX-License-Identifier: Apache-2.0 */
/* Plain KVM: what tee.c calls. Nothing of a Keep is protected there. */
#ifndef MOTTE_VM_KVM_H
#define MOTTE_VM_KVM_H

#include <stdint.h>
#include "vcpu.h"

void kvm_check(void);

uint32_t kvm_hwcap(void);

#endif
