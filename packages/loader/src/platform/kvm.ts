// SPDX-License-Identifier: Apache-2.0
import { KVM_API, KVM_DEVICE, OPEN_FIXES } from '../kvm/device.js';
import { KVM_CAPABILITIES, vmTypesOf } from '../kvm/extensions.js';
import type { DeviceState, PlatformReaders } from './readers.js';
import type { Problem } from './sgx.js';

/** Of KVM_CHECK_EXTENSION. */
export interface KvmCapabilities {
  readonly guestMemfd: boolean;
  readonly memoryAttributes: boolean;
  readonly userMemory2: boolean;
  readonly memoryFaultInfo: boolean;
  /** `default`, `sev`, `sev-es`, `snp` … */
  readonly vmTypes: readonly string[];
}

/** KVM as the kernel and the file system show it. */
export interface KvmPlatform {
  readonly device: DeviceState;
  /** KVM_GET_API_VERSION; `null` where /dev/kvm does not open. */
  readonly api: number | null;
  /** Software virtualisation: ring 3 runs natively, ring 0 is interpreted. */
  readonly pvm: boolean;
  /** Which virtualisation of the CPU’s it could use; `null` where CPUID lists none. */
  readonly hardware: 'SVM' | 'VMX' | null;
  /** What a VM of its own memory needs; `null` where /dev/kvm does not open. */
  readonly capabilities: KvmCapabilities | null;
  /** Whether guests may have virtual machines of their own; `null` without the module. */
  readonly nested: boolean | null;
  /** What keeps a Keep from running here; empty when one can. */
  readonly problems: readonly Problem[];
}

/** `registered`: the kernel has the device, whatever /dev has. */
type Facts = Omit<KvmPlatform, 'problems'> & { readonly registered: boolean };

const NEEDS: readonly {
  readonly met: (f: Facts) => boolean;
  readonly what: string;
  readonly fix: string | undefined;
}[] = [
  {
    met: (f) => f.device !== 'missing' || f.registered,
    what: `${KVM_DEVICE} is missing`,
    fix: OPEN_FIXES['ENOENT'],
  },
  {
    met: (f) => f.device !== 'missing' || !f.registered,
    what: `the kernel has KVM, and ${KVM_DEVICE} is missing`,
    fix: `sudo mknod -m 660 ${KVM_DEVICE} c 10 232; in a container: docker run --device ${KVM_DEVICE}`,
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

function hardwareOf(read: PlatformReaders): KvmPlatform['hardware'] {
  const [, , vmx] = read.cpuid(1, 0);
  const [most] = read.cpuid(0x80000000, 0);
  const [, , svm] = most >>> 0 < 0x80000001 ? [0, 0, 0] : read.cpuid(0x80000001, 0);
  // AMD 24594 rev 3.36, Fn8000_0001_ECX; Intel SDM 325383 vol. 2A, CPUID.01H:ECX.
  if (((svm >>> 2) & 1) !== 0) return 'SVM';
  return ((vmx >>> 5) & 1) !== 0 ? 'VMX' : null;
}

function capabilitiesOf(read: PlatformReaders): KvmCapabilities | null {
  const { guestMemfd, memoryAttributes, userMemory2, memoryFaultInfo, vmTypes } = KVM_CAPABILITIES;
  const asked = [guestMemfd, memoryAttributes, userMemory2, memoryFaultInfo, vmTypes];
  const answers = read.kvmExtensions(asked);
  if (answers === undefined) return null;
  const [memfd = 0, attributes = 0, memory2 = 0, fault = 0, types = 0] = answers;
  return {
    guestMemfd: memfd !== 0,
    memoryAttributes: attributes !== 0,
    userMemory2: memory2 !== 0,
    memoryFaultInfo: fault !== 0,
    // KVM that has not heard of types makes the one that there was.
    vmTypes: types === 0 ? ['default'] : vmTypesOf(types),
  };
}

/** KVM of the machine. */
export function kvmPlatform(read: PlatformReaders): KvmPlatform {
  const device = read.device(KVM_DEVICE);
  const own: Omit<KvmPlatform, 'problems'> = {
    device,
    api: device === 'usable' ? (read.kvmApi() ?? null) : null,
    pvm: read.exists('/sys/module/kvm_pvm'),
    hardware: hardwareOf(read),
    capabilities: device === 'usable' ? capabilitiesOf(read) : null,
    nested: moduleSwitch(read, 'kvm_amd', 'nested') ?? moduleSwitch(read, 'kvm_intel', 'nested') ?? null,
  };
  const facts: Facts = { ...own, registered: read.exists('/sys/class/misc/kvm') };
  return {
    ...own,
    problems: NEEDS.filter((need) => !need.met(facts)).map(({ what, fix = '' }) => ({ what, fix })),
  };
}
