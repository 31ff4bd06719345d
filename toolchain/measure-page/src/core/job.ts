// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import { CPU_TYPES } from '@motte/measure/profiles/cpu-types';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import type { VmmProfile } from '@motte/plan/snp/profile';
import type { VcpuInput } from '@motte/plan/snp/launch';
import type { Kind } from './kinds.js';
import type { Meter } from './meter.js';

/** A file that was given. */
export interface NamedFile {
  readonly name: string;
  readonly source: ByteSource;
}

/** What the form says, as it was typed. */
export interface Settings {
  readonly as: 'auto' | Kind;
  readonly vmm: string;
  readonly vcpus: string;
  /** A name of CPU_TYPES, or CPUID 1 EAX in hex. */
  readonly vcpuType: string;
  readonly features: string;
  readonly cmdline: string;
  readonly varsSize: string;
}

/** What the form says before anybody has touched it: the defaults of sev-snp-measure, and one vCPU. */
export const DEFAULTS: Settings = {
  as: 'auto',
  vmm: 'QEMU',
  vcpus: '1',
  vcpuType: 'EPYC-v4',
  features: '0x1',
  cmdline: '',
  varsSize: '0',
};

/** One image and what lies beside it. */
export interface Job {
  readonly image: NamedFile;
  readonly kernel?: NamedFile;
  readonly initrd?: NamedFile;
  readonly svsm?: NamedFile;
  /** Files that came with the image: a written plan finds its bytes among them. */
  readonly beside: readonly NamedFile[];
  readonly settings: Settings;
  readonly meter: Meter;
}

function whole(field: string, text: string, limit: number): number {
  const value = /^(0x[0-9a-f]+|\d+)$/iu.test(text.trim()) ? Number(text.trim()) : Number.NaN;
  if (Number.isNaN(value) || value > limit)
    throw new MotteError('SNP_INPUT', {
      field,
      expected: `a number up to 0x${limit.toString(16)}, decimal or 0x…`,
      found: JSON.stringify(text),
    });
  return value;
}

function features(text: string): bigint {
  if (!/^(0x[0-9a-f]{1,16}|\d{1,15})$/iu.test(text.trim()))
    throw new MotteError('SNP_INPUT', {
      field: 'guest features',
      expected: '64 bits, decimal or 0x…',
      found: JSON.stringify(text),
    });
  return BigInt(text.trim());
}

/** The VMM that the form names. Throws SNP_INPUT. */
export function vmmOf({ vmm }: Settings): VmmProfile {
  const found = (VMM_PROFILES as Readonly<Record<string, VmmProfile>>)[vmm];
  if (found !== undefined) return found;
  throw new MotteError('SNP_INPUT', {
    field: 'VMM',
    expected: Object.keys(VMM_PROFILES).join(', '),
    found: vmm,
  });
}

/** The vCPUs that the form describes. Throws SNP_INPUT. */
export function vcpusOf(settings: Settings): VcpuInput {
  return {
    count: whole('vCPUs', settings.vcpus, 0xffff),
    features: features(settings.features),
    signature: CPU_TYPES[settings.vcpuType] ?? whole('vCPU type', settings.vcpuType, 0xffffffff),
  };
}

/** Bytes of the variable store between firmware and SVSM. Throws SNP_INPUT. */
export function varsSizeOf({ varsSize }: Settings): number {
  return whole('size of the variable store', varsSize, 0xffffffff);
}
