// SPDX-License-Identifier: Apache-2.0
import type { DeviceState, PlatformReaders } from '@motte/loader/platform';

type Words = readonly [number, number, number, number];

/** What differs from a machine on which every Keep runs. */
export interface FakeChange {
  /** By `leaf,subleaf`, decimal. */
  readonly cpuid?: Readonly<Record<string, Words>>;
  readonly devices?: Readonly<Record<string, DeviceState>>;
  readonly texts?: Readonly<Record<string, string>>;
  readonly vdso?: readonly string[];
  /** AT_HWCAP2. */
  readonly hwcap2?: bigint;
  /** `undefined`: /dev/kvm does not open. */
  readonly kvmApi?: number | undefined;
  /** KVM_CHECK_EXTENSION by capability. */
  readonly capabilities?: Readonly<Record<number, number>>;
  /** What firmware answers, by command of /dev/sev, in hex. */
  readonly sev?: Readonly<Record<number, string>>;
  /** Files that exist. */
  readonly paths?: readonly string[];
  /** Texts of binaries. */
  readonly binaries?: Readonly<Record<string, string>>;
}

const word = (text: string): number => Buffer.from(text, 'latin1').readUInt32LE(0);

/** An Ice Lake server, as far as SGX goes: two EPC sections, SGX2, KSS. */
const CPUID: Readonly<Record<string, Words>> = {
  '0,0': [0x1b, word('Genu'), word('ntel'), word('ineI')],
  '1,0': [0, 0, 1 << 30, 0],
  '7,0': [0, 0x5 | (1 << 18), 0x40000000, 0],
  '18,0': [0x3, 0x1, 0, 0x381f],
  '18,1': [0xb6, 0, 0xe7, 0],
  '18,2': [0x23456001, 0x1, 0x40000001, 0x2],
  '18,3': [0x00000001, 0x8, 0x10000001, 0x0],
};

/** Readers of a machine that is made up. */
export function fakeReaders(change: FakeChange): PlatformReaders {
  const cpuid = { ...CPUID, ...change.cpuid };
  const texts: Readonly<Record<string, string>> = {
    '/proc/sys/kernel/osrelease': '6.1.0-test\n',
    '/proc/self/mounts': 'devtmpfs /dev devtmpfs rw 0 0',
    ...change.texts,
  };
  const vdso = change.vdso ?? ['__vdso_sgx_enter_enclave'];
  return {
    cpuid: (leaf, subleaf) => cpuid[`${leaf},${subleaf}`] ?? [0, 0, 0, 0],
    device: (path) => change.devices?.[path] ?? 'usable',
    text: (path) => texts[path],
    exists: (path) => change.paths?.includes(path) === true,
    auxiliary: () => change.hwcap2 ?? 0x2n,
    vdso: (symbol) => vdso.includes(symbol),
    syscallUserDispatch: () => 'inclusive',
    kvmApi: () => ('kvmApi' in change ? change.kvmApi : 12),
    kvmExtensions: (asked) => asked.map((one) => change.capabilities?.[one] ?? 0),
    sevCommand(command, size) {
      const hex = change.sev?.[command];
      return hex === undefined ? undefined : new Uint8Array(Buffer.from(hex, 'hex').subarray(0, size));
    },
    contains: (path, text) => change.binaries?.[path]?.includes(text),
  };
}

/** An EPYC 7003 as its leaf 8000001Fh is: C-bit 51, 509 guests, of which SEV alone has those from 100 on. */
export const LEAF: readonly [number, number, number, number] = [0x0101fd3f, 0x00004173, 509, 100];

/** SNP_PLATFORM_STATUS of firmware 1.55 build 21, as the bytes come: RMP initialised, two guests. */
export const STATUS = '013702011500000000000000020000000a0000000000187d0a0000000000187d';

/** Switches of kvm_amd that are on. */
export const switches = (...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`/sys/module/kvm_amd/parameters/${name}`, 'Y\n']));

/** A machine on which a Keep for SEV-SNP runs. */
export const MACHINE: FakeChange = {
  cpuid: {
    '2147483648,0': [0x80000023 | 0, 0, 0, 0],
    '2147483649,0': [0, 0, 0x4, 0],
    '2147483679,0': LEAF,
  },
  paths: ['/sys/module/kvm_amd'],
  texts: switches('sev', 'sev_es', 'sev_snp'),
  capabilities: { 231: 1, 232: 1, 233: 8, 234: 1, 235: 0b10101 },
  sev: { 1: '013702000100002102000000', 9: STATUS },
  binaries: { '/usr/bin/qemu-system-x86_64': 'x\0igvm-cfg\0y' },
};
