// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { native, systemCode } from '../native.js';
import type { Descriptor, Native } from '../native.js';

export const KVM_DEVICE = '/dev/kvm';

/** KVM_GET_API_VERSION of every Linux since 2.6.22. */
export const KVM_API = 12;

/** What of the addon is needed here: tests put a kernel of their own in its place. */
export type KvmCalls = Pick<Native, 'open' | 'kvmApiVersion'>;

/** How each failure of `open` is put right. */
export const OPEN_FIXES: Readonly<Record<string, string>> = {
  ENOENT:
    'sudo modprobe kvm_amd, or kvm_intel; turn on SVM or VT-x in the firmware, or nested virtualisation in the hypervisor; in a container: docker run --device /dev/kvm',
  ENODEV: 'sudo modprobe kvm_amd, or kvm_intel, and look at `dmesg | grep kvm`',
  ENXIO: 'sudo modprobe kvm_amd, or kvm_intel, and look at `dmesg | grep kvm`',
  EACCES: 'sudo usermod -aG kvm "$USER", then log in again',
  EPERM: 'in a container: docker run --device /dev/kvm',
  EBUSY: 'another hypervisor has the CPU: end it, or unload its module',
};

/** Opens /dev/kvm, which its owner closes. Throws TEE_MISSING. */
export function openKvm(calls: KvmCalls = native()): Descriptor {
  try {
    return calls.open(KVM_DEVICE);
  } catch (cause) {
    const code = systemCode(cause) ?? 'no system error';
    const fix = OPEN_FIXES[code] ?? 'an error that is not known here';
    const message = `${KVM_DEVICE} cannot be opened: ${code}. ${fix}`;
    throw new MotteError('TEE_MISSING', { field: 'kvm', message, cause });
  }
}

/** The version of the interface, `undefined` where the device cannot be opened or is none. */
export function kvmApiVersion(calls: KvmCalls = native()): number | undefined {
  let device: Descriptor | undefined;
  try {
    device = calls.open(KVM_DEVICE);
    return calls.kvmApiVersion(device.fd);
  } catch {
    return undefined;
  } finally {
    device?.close();
  }
}
