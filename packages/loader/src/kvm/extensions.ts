// SPDX-License-Identifier: Apache-2.0
import { native } from '../native.js';
import type { Descriptor, Native } from '../native.js';
import { KVM_DEVICE } from './device.js';

/** Capabilities that a VM-based Keep looks at. Linux 6.12, include/uapi/linux/kvm.h, KVM_CAP_*. */
export const KVM_CAPABILITIES = {
  userMemory2: 231,
  memoryFaultInfo: 232,
  memoryAttributes: 233,
  guestMemfd: 234,
  vmTypes: 235,
} as const;

/** Bits of KVM_CAP_VM_TYPES. Linux 6.12, arch/x86/include/uapi/asm/kvm.h; TDX: 6.16. */
export const KVM_VM_TYPES = ['default', 'sw-protected', 'sev', 'sev-es', 'snp', 'tdx'] as const;

/** The kinds of VMs that a value of KVM_CAP_VM_TYPES names. */
export function vmTypesOf(bits: number): string[] {
  return KVM_VM_TYPES.filter((_, i) => ((bits >>> i) & 1) !== 0);
}

/** What of the addon is needed here: tests put a kernel of their own in its place. */
export type KvmExtensionCalls = Pick<Native, 'open' | 'kvmCheckExtension'>;

/** KVM_CHECK_EXTENSION of each, in their order; `undefined` where the device does not open or is none. */
export function kvmExtensions(
  capabilities: readonly number[],
  calls: KvmExtensionCalls = native(),
): readonly number[] | undefined {
  let device: Descriptor | undefined;
  try {
    device = calls.open(KVM_DEVICE);
    const { fd } = device;
    return capabilities.map((capability) => calls.kvmCheckExtension(fd, capability));
  } catch {
    return undefined;
  } finally {
    device?.close();
  }
}
