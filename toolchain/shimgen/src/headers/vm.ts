// SPDX-License-Identifier: Apache-2.0
import { VM_CLOCK } from '@motte/plan/vm/clock';
import { VM_INFO, VM_INFO_MAGIC, VM_MODE } from '@motte/plan/vm/info';
import { HOST_PVM, HOST_XSAVE, VM_MAP } from '@motte/plan/vm/map';
import { SWITCHLESS, VM_SWITCHLESS } from '@motte/plan/vm/switchless';
import { FRAME_VECTOR, RFLAGS_USER, TRAP_FRAME } from '@motte/plan/vm/trap-frame';
import { defines, header, offsets, structures } from './c-text.js';

/** `vm_map.h`: the address space of a VM-based Keep. */
export function vmMapHeader(): string {
  return header('vm_map.h', 'packages/plan/src/vm/map.ts', [
    defines(
      'VM_MAP_',
      VM_MAP,
      "addresses: BASE, SHARED, DIRECT; within a vCPU block, offsets from the block's start",
    ),
    defines('', { HOST_PVM, HOST_XSAVE }, 'VM_MAP_HOST_IS'),
  ]);
}

/** `vm_info.h`: what the plan tells the shim of a VM-based Keep. */
export function vmInfoHeader(): string {
  return header('vm_info.h', 'packages/plan/src/vm/info.ts', [
    defines('VM_INFO_', { MAGIC: VM_INFO_MAGIC }),
    defines('VM_MODE_', VM_MODE, 'VM_INFO.mode'),
    offsets(VM_INFO),
    structures([VM_INFO]),
  ]);
}

/** `trap_frame.h`: the exec's registers on the stack of its vCPU. */
export function trapFrameHeader(): string {
  return header('trap_frame.h', 'packages/plan/src/vm/trap-frame.ts', [
    defines('VECTOR_', FRAME_VECTOR),
    defines('', { RFLAGS_USER }),
    structures([TRAP_FRAME]),
  ]);
}

/** `vm_clock.h`: what the host says of its clocks. */
export function vmClockHeader(): string {
  return header('vm_clock.h', 'packages/plan/src/vm/clock.ts', [structures([VM_CLOCK])]);
}

/** `vm_switchless.h`: host calls without an exit. */
export function vmSwitchlessHeader(): string {
  return header('vm_switchless.h', 'packages/plan/src/vm/switchless.ts', [
    defines('SWITCHLESS_', SWITCHLESS, 'VM_SWITCHLESS.state'),
    structures([VM_SWITCHLESS]),
  ]);
}
