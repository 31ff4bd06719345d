// SPDX-License-Identifier: Apache-2.0
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import {
  CPUID_07,
  CPUID_12_0_EAX,
  CPUID_12_0_EDX,
  CPUID_12_ATTRIBUTES_SUBLEAF,
  CPUID_12_EPC,
  CPUID_SGX_LEAF,
} from '@motte/binary/sgx/cpuid';
import { SGX_DEVICE } from '../sgx/device.js';
import { noexecMount } from './mounts.js';
import { kernelFsgsbase } from './readers.js';
import type { DeviceState, PlatformReaders } from './readers.js';

/** What stands in the way of hardware, and what to do about it. */
export interface Problem {
  readonly what: string;
  readonly fix: string;
}

/** A piece of protected memory. */
export interface EpcSection {
  readonly address: bigint;
  readonly size: bigint;
}

/** SGX as CPUID, the kernel and the file system show it. */
export interface SgxPlatform {
  /** CPUID.(7,0).EBX.SGX */
  readonly cpu: boolean;
  readonly sgx1: boolean;
  readonly sgx2: boolean;
  /** Key separation and sharing: CONFIGID. */
  readonly kss: boolean;
  /** Flexible launch control. */
  readonly flc: boolean;
  readonly attributes: bigint;
  readonly xfrm: bigint;
  readonly miscselect: number;
  readonly maxSizeLog2: number;
  readonly epc: readonly EpcSection[];
  readonly device: DeviceState;
  readonly provision: DeviceState;
  /** The mount that keeps enclaves from being executed, or `undefined`. */
  readonly noexec: string | undefined;
  /** Whether the vDSO has __vdso_sgx_enter_enclave. */
  readonly vdso: boolean;
  /** Whether the kernel lets programs use WRFSBASE. */
  readonly fsgsbase: boolean;
  /** What keeps a Keep from running here; empty when one can. */
  readonly problems: readonly Problem[];
}

const PROVISION_DEVICE = '/dev/sgx_provision';
const VDSO_ENTRY = '__vdso_sgx_enter_enclave';
const MAX_SECTIONS = 64;

function wide(low: number, high: number): bigint {
  return BigInt(low >>> 0) | (BigInt(high >>> 0) << 32n);
}

function epcSections(read: PlatformReaders): EpcSection[] {
  const sections: EpcSection[] = [];
  for (let i = 0; i < MAX_SECTIONS; i++) {
    const [a, b, c, d] = read.cpuid(CPUID_SGX_LEAF, CPUID_12_EPC.FIRST_SUBLEAF + i);
    if ((a & CPUID_12_EPC.TYPE_MASK) !== CPUID_12_EPC.TYPE_SECTION) break;
    sections.push({
      address: wide(a & CPUID_12_EPC.LOW_MASK, b & CPUID_12_EPC.HIGH_MASK),
      size: wide(c & CPUID_12_EPC.LOW_MASK, d & CPUID_12_EPC.HIGH_MASK),
    });
  }
  return sections;
}

type Facts = Omit<SgxPlatform, 'problems'>;

const FIRMWARE = 'turn on SGX (and its flexible launch control) in the firmware, and give it PRMRR memory';

// Each thing that a Keep needs, in the order in which it is put right.
const NEEDS: readonly { readonly met: (f: Facts) => boolean; readonly what: string; readonly fix: string }[] =
  [
    {
      met: (f) => f.cpu,
      what: 'CPUID leaf 7 does not list SGX',
      fix: `use a CPU with SGX (Xeon Scalable since Ice Lake); if it is one, ${FIRMWARE}`,
    },
    { met: (f) => !f.cpu || f.sgx1, what: 'CPUID leaf 12h does not list SGX1', fix: FIRMWARE },
    { met: (f) => !f.sgx1 || f.epc.length > 0, what: 'CPUID leaf 12h lists no EPC section', fix: FIRMWARE },
    {
      met: (f) => !f.sgx1 || f.flc,
      what: 'the CPU has no flexible launch control, without which Linux starts no enclave',
      fix: FIRMWARE,
    },
    {
      met: (f) => !f.sgx1 || f.kss,
      what: 'the CPU has no KSS (CONFIGID), which attests the configuration of a Keep',
      fix: 'use a CPU with KSS (Ice Lake server, Gemini Lake or later)',
    },
    {
      met: (f) => f.device !== 'missing',
      what: `${SGX_DEVICE} is missing`,
      fix: 'use Linux 5.11 or later with CONFIG_X86_SGX=y; in a container: docker run --device /dev/sgx_enclave',
    },
    {
      met: (f) => f.device !== 'denied',
      what: `${SGX_DEVICE} may not be opened by this user`,
      fix: 'sudo usermod -aG sgx "$USER", then log in again',
    },
    {
      met: (f) => f.device !== 'usable' || f.noexec === undefined,
      what: `${SGX_DEVICE} lies on a file system that is mounted noexec, so no enclave page can be executed`,
      fix: 'sudo mount -o remount,exec /dev',
    },
    {
      met: (f) => f.device !== 'usable' || f.vdso,
      what: `the kernel's vDSO has no ${VDSO_ENTRY}`,
      fix: 'use Linux 5.11 or later with CONFIG_X86_SGX=y',
    },
    {
      met: (f) => f.device !== 'usable' || f.fsgsbase,
      what: 'the kernel does not let programs use WRFSBASE, which sets the thread pointer in a Keep',
      fix: 'take nofsgsbase off the command line of the kernel',
    },
  ];

/** SGX of the machine. */
export function sgxPlatform(read: PlatformReaders): SgxPlatform {
  const [, ebx7, ecx7] = read.cpuid(7, 0);
  const cpu = (ebx7 & CPUID_07.EBX_SGX) !== 0;
  // Without the bit in leaf 7, leaf 12h is whatever the CPU or hypervisor puts there.
  const [a, b, , d] = cpu ? read.cpuid(CPUID_SGX_LEAF, 0) : [0, 0, 0, 0];
  const [attrLow, attrHigh, xfrmLow, xfrmHigh] = cpu
    ? read.cpuid(CPUID_SGX_LEAF, CPUID_12_ATTRIBUTES_SUBLEAF)
    : [0, 0, 0, 0];
  const attributes = wide(attrLow, attrHigh);
  const facts: Facts = {
    cpu,
    sgx1: (a & CPUID_12_0_EAX.SGX1) !== 0,
    sgx2: (a & CPUID_12_0_EAX.SGX2) !== 0,
    kss: (attributes & ATTRIBUTES.KSS) !== 0n,
    flc: cpu && (ecx7 & CPUID_07.ECX_SGX_LC) !== 0,
    attributes,
    xfrm: wide(xfrmLow, xfrmHigh),
    miscselect: b >>> 0,
    maxSizeLog2: (d >>> CPUID_12_0_EDX.MAX_SIZE_64_SHIFT) & CPUID_12_0_EDX.MAX_SIZE_MASK,
    epc: cpu ? epcSections(read) : [],
    device: read.device(SGX_DEVICE),
    provision: read.device(PROVISION_DEVICE),
    noexec: noexecMount(read.text('/proc/self/mounts') ?? '', SGX_DEVICE),
    vdso: read.vdso(VDSO_ENTRY),
    fsgsbase: kernelFsgsbase(read),
  };
  return {
    ...facts,
    problems: NEEDS.filter((need) => !need.met(facts)).map(({ what, fix }) => ({ what, fix })),
  };
}
