// SPDX-License-Identifier: Apache-2.0
import { KVM_API, KVM_DEVICE, OPEN_FIXES } from '../kvm/device.js';
import type { DeviceState, PlatformReaders } from './readers.js';
import type { Problem } from './sgx.js';

/** KVM as the kernel and the file system show it. */
export interface KvmPlatform {
  readonly device: DeviceState;
  /** KVM_GET_API_VERSION; `null` where /dev/kvm does not open. */
  readonly api: number | null;
  /** Software virtualisation: ring 3 runs natively, ring 0 is interpreted. */
  readonly pvm: boolean;
  /** Whether guests may have virtual machines of their own; `null` without the module. */
  readonly nested: boolean | null;
  /** What keeps a Keep from running here; empty when one can. */
  readonly problems: readonly Problem[];
}

type Facts = Omit<KvmPlatform, 'problems'>;

const NEEDS: readonly {
  readonly met: (f: Facts) => boolean;
  readonly what: string;
  readonly fix: string | undefined;
}[] = [
  {
    met: (f) => f.device !== 'missing',
    what: `${KVM_DEVICE} is missing`,
    fix: OPEN_FIXES['ENOENT'],
  },
  {
    met: (f) => f.device !== 'denied',
    what: `${KVM_DEVICE} may not be opened by this user`,
    fix: OPEN_FIXES['EACCES'],
  },
  {
    met: (f) => f.device !== 'usable' || f.api !== null,
    what: `${KVM_DEVICE} is there and does not open`,
    fix: OPEN_FIXES['ENODEV'],
  },
  {
    met: (f) => f.api === null || f.api === KVM_API,
    what: `${KVM_DEVICE} has another interface than that of Linux`,
    fix: 'use the KVM of Linux 5.11 or later',
  },
];

const ON = new Set(['1', 'Y']);

/** A switch of a kernel module; `undefined` where the module is not loaded. */
export function moduleSwitch(read: PlatformReaders, module: string, name: string): boolean | undefined {
  const text = read.text(`/sys/module/${module}/parameters/${name}`);
  return text === undefined ? undefined : ON.has(text.trim());
}

/** KVM of the machine. */
export function kvmPlatform(read: PlatformReaders): KvmPlatform {
  const device = read.device(KVM_DEVICE);
  const facts: Facts = {
    device,
    api: device === 'usable' ? (read.kvmApi() ?? null) : null,
    pvm: read.exists('/sys/module/kvm_pvm'),
    nested: moduleSwitch(read, 'kvm_amd', 'nested') ?? moduleSwitch(read, 'kvm_intel', 'nested') ?? null,
  };
  return {
    ...facts,
    problems: NEEDS.filter((need) => !need.met(facts)).map(({ what, fix = '' }) => ({ what, fix })),
  };
}
