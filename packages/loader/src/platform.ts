// SPDX-License-Identifier: Apache-2.0
import { igvmPlatform } from './platform/igvm.js';
import { kvmPlatform } from './platform/kvm.js';
import { kernelFsgsbase, SYSTEM_READERS } from './platform/readers.js';
import { sgxPlatform } from './platform/sgx.js';
import { simulationProblems } from './platform/simulation.js';
import { snpPlatform } from './platform/snp.js';
import type { SyscallDispatch } from './native.js';
import type { IgvmPlatform } from './platform/igvm.js';
import type { KvmPlatform } from './platform/kvm.js';
import type { PlatformReaders } from './platform/readers.js';
import type { Problem, SgxPlatform } from './platform/sgx.js';
import type { SnpPlatform } from './platform/snp.js';

export type { DeviceState, PlatformReaders } from './platform/readers.js';
export type { KvmPlatform } from './platform/kvm.js';
export type { SnpPlatform } from './platform/snp.js';
export type { EpcSection, Problem, SgxPlatform } from './platform/sgx.js';

/** What a machine offers to Keeps: `motte platform info`. */
export interface Platform {
  /** `uname -r`. */
  readonly kernel: string;
  /** CPUID's vendor and brand. */
  readonly vendor: string;
  readonly model: string;
  readonly cpu: {
    /** RDFSBASE and WRFSBASE: in the CPU, and allowed to programs by the kernel. */
    readonly fsgsbase: boolean;
    readonly fsgsbaseKernel: boolean;
    readonly rdrand: boolean;
    readonly rdseed: boolean;
    readonly avx2: boolean;
    readonly avx512f: boolean;
    readonly hypervisor: boolean;
  };
  readonly sgx: SgxPlatform;
  /** What emulated Keeps use. */
  readonly emulation: {
    readonly syscallUserDispatch: SyscallDispatch;
    /** Whether an emulated Keep can run here. */
    readonly usable: boolean;
  };
  readonly kvm: KvmPlatform;
  readonly snp: SnpPlatform;
  /** SEV-SNP by firmware in software: what keeps such a Keep from running here; empty when one can. */
  readonly simulatedSnp: { readonly problems: readonly Problem[] };
  readonly igvm: IgvmPlatform;
}

const bit = (word: number, index: number): boolean => ((word >>> index) & 1) !== 0;

function ascii(words: readonly number[]): string {
  const bytes = words.flatMap((word) => [word, word >>> 8, word >>> 16, word >>> 24]);
  return String.fromCharCode(...bytes.map((b) => b & 0xff).filter((b) => b >= 0x20 && b < 0x7f)).trim();
}

function brand(read: PlatformReaders): string {
  return ascii([0x80000002, 0x80000003, 0x80000004].flatMap((leaf) => [...read.cpuid(leaf, 0)]));
}

/** What decides where a Keep can run; each part is looked up when it is asked for. */
export type TeePlatform = Pick<Platform, 'sgx' | 'kvm' | 'snp'>;

export function teePlatform(read: PlatformReaders = SYSTEM_READERS): TeePlatform {
  return {
    get sgx() {
      return sgxPlatform(read);
    },
    get kvm() {
      return kvmPlatform(read);
    },
    get snp() {
      return snpPlatform(read, kvmPlatform(read));
    },
  };
}

/** Looks at the machine. Throws ADDON_MISSING where the addon cannot be loaded. */
export function platformInfo(read: PlatformReaders = SYSTEM_READERS): Platform {
  const [, b0, c0, d0] = read.cpuid(0, 0);
  const [, , c1] = read.cpuid(1, 0);
  const [, b7] = read.cpuid(7, 0);
  const dispatch = read.syscallUserDispatch();
  const kvm = kvmPlatform(read);
  return {
    kernel: read.text('/proc/sys/kernel/osrelease')?.trim() ?? 'unknown',
    vendor: ascii([b0, d0, c0]),
    model: brand(read),
    cpu: {
      fsgsbase: bit(b7, 0),
      fsgsbaseKernel: kernelFsgsbase(read),
      rdrand: bit(c1, 30),
      rdseed: bit(b7, 18),
      avx2: bit(b7, 5),
      avx512f: bit(b7, 16),
      hypervisor: bit(c1, 31),
    },
    sgx: sgxPlatform(read),
    emulation: { syscallUserDispatch: dispatch, usable: dispatch !== 'none' },
    kvm,
    snp: snpPlatform(read, kvm),
    simulatedSnp: { problems: simulationProblems(kvm) },
    igvm: igvmPlatform(read),
  };
}
