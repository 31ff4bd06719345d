// SPDX-License-Identifier: Apache-2.0
import { MAX_VCPUS } from '@motte/plan/snp/launch';
import type { VcpuInput } from '@motte/plan/snp/launch';
import type { VmmProfile } from '@motte/plan/snp/profile';
import { cpuSignature } from '../../profiles/cpu-types.js';
import type { SevMode } from '../../profiles/sev-snp-measure.js';
import { VMM_PROFILES } from '../../profiles/vmm.js';
import type { SevDialect } from './dialect.js';
import type { SevOptions } from './options.js';
import { digestOf, entryOf, numberOf, refuse, textOf } from './values.js';

/** A kernel that is booted directly: paths, and its command line. */
export interface DirectBoot {
  readonly kernel: string;
  readonly initrd: string | undefined;
  readonly cmdline: string;
}

interface OfFirmware {
  readonly ovmf: string;
}

interface OfBoot extends OfFirmware {
  readonly boot: DirectBoot | undefined;
}

interface OfVcpus extends OfFirmware {
  readonly profile: VmmProfile;
  readonly vcpus: VcpuInput;
}

/** What is to be measured: options that have been understood and fit together; files are still paths. */
export type SevRequest =
  | ({ readonly mode: 'snp:ovmf-hash' } & OfFirmware)
  | ({ readonly mode: 'sev' } & OfBoot)
  | ({ readonly mode: 'seves' } & OfBoot & OfVcpus)
  | ({
      readonly mode: 'snp';
      /** The digest of the firmware's pages, where they are not to be read. */
      readonly start: Uint8Array | undefined;
    } & OfBoot &
      OfVcpus)
  | ({
      readonly mode: 'snp:svsm';
      readonly svsm: string;
      /** Bytes of the variable store between firmware and SVSM, or the path of one. */
      readonly vars: number | string;
    } & OfVcpus);

function bootOf(options: SevOptions): DirectBoot | undefined {
  for (const name of ['initrd', 'append'] as const)
    if (textOf(options, name) !== undefined && options.kernel === undefined)
      throw refuse('kernel', `to be given with --${name}`);
  const kernel = textOf(options, 'kernel');
  if (kernel === undefined) return undefined;
  return { kernel, initrd: textOf(options, 'initrd'), cmdline: options.append ?? '' };
}

/** A number of `bits` bits, in base 10, of which the tool looks at no more. */
function fieldOf(
  options: SevOptions,
  name: 'vcpu-model' | 'vcpu-stepping',
  bits: bigint,
  cuts: boolean,
): number {
  const to = (1n << bits) - 1n;
  const cut = cuts ? (value: bigint): bigint => value & to : undefined;
  const value = numberOf(options, name, { base: 10, from: 0n, to, cut });
  if (value === undefined) throw refuse(name, 'to be given with --vcpu-family');
  return Number(value);
}

/** Families up to 15, and what the eight bits of the extended family add. */
const MOST_FAMILY = 0xfn + 0xffn;

function signatureOf(options: SevOptions, dialect: SevDialect, profile: VmmProfile): number | bigint {
  const { cuts, cpuTypes } = dialect;
  const cut = cuts
    ? (value: bigint): bigint => (value > MOST_FAMILY ? 0xfn + ((value - 0xfn) & 0xffn) : value)
    : undefined;
  const family = numberOf(options, 'vcpu-family', { base: 10, from: 0n, to: MOST_FAMILY, cut });
  if (family !== undefined) {
    const model = fieldOf(options, 'vcpu-model', 8n, cuts);
    return cpuSignature(Number(family), model, fieldOf(options, 'vcpu-stepping', 4n, cuts));
  }
  // RDX has 64 bits, CPUID 32 to put into it.
  const bits = cuts ? 64 : 32;
  const signature = numberOf(options, 'vcpu-sig', {
    base: 0,
    from: 0n,
    to: (1n << BigInt(bits)) - 1n,
    cut: cuts ? (value) => BigInt.asUintN(bits, value) : undefined,
  });
  if (signature !== undefined) return signature;
  const type = textOf(options, 'vcpu-type');
  if (type !== undefined) return entryOf(cpuTypes, 'vcpu-type', type);
  if (profile.signatureInRdx)
    throw refuse('vcpu-type', `to be given, or --vcpu-sig or --vcpu-family, for ${profile.name}`);
  return 0;
}

const FEATURES_END = 1n << 64n;

function featuresOf(options: SevOptions, { cuts, featureSets }: SevDialect): bigint {
  const text = options['guest-features'];
  if (text !== undefined && Object.hasOwn(featureSets, text))
    return entryOf(featureSets, 'guest-features', text).features;
  const cut = cuts ? (value: bigint): bigint => BigInt.asUintN(64, value) : undefined;
  return numberOf(options, 'guest-features', { base: 0, from: 0n, to: FEATURES_END - 1n, cut }) ?? 1n;
}

function countOf(options: SevOptions, { cuts }: SevDialect): number {
  const cut = cuts ? (value: bigint): bigint => (value < 0n ? 0n : value) : undefined;
  const from = cuts ? 0n : 1n;
  const count = numberOf(options, 'vcpus', { base: 10, from, to: BigInt(MAX_VCPUS), cut });
  if (count === undefined) throw refuse('vcpus', 'to be given');
  return Number(count);
}

function svsmOf(options: SevOptions): { svsm: string; vars: number | string } {
  const svsm = textOf(options, 'svsm');
  if (svsm === undefined) throw refuse('svsm', 'to be given');
  const file = textOf(options, 'vars-file');
  const size = numberOf(options, 'vars-size', { base: 10, from: 0n, to: 0xffffffffn }) ?? 0n;
  if (file !== undefined && options['vars-size'] !== undefined)
    throw refuse('vars-size', 'it without --vars-file');
  if (file === undefined && size === 0n) throw refuse('vars-size', 'to be given, or --vars-file');
  return { svsm, vars: file ?? Number(size) };
}

/** Makes sense of the options. Throws USAGE_VALUE, which names the option. */
export function sevRequest(mode: SevMode, options: SevOptions, dialect: SevDialect): SevRequest {
  const ovmf = textOf(options, 'ovmf');
  if (ovmf === undefined) throw refuse('ovmf', 'to be given');
  if (mode === 'snp:ovmf-hash') return { mode, ovmf };
  const boot = bootOf(options);
  const profile = entryOf(dialect.vmms, 'vmm-type', options['vmm-type'] ?? 'QEMU');
  const start = digestOf(options, 'snp-ovmf-hash');
  if (start !== undefined && mode !== 'snp') throw refuse('snp-ovmf-hash', `nothing in mode ${mode}`);
  if (mode === 'sev') {
    if (options['dump-vmsa'] === true) throw refuse('dump-vmsa', 'nothing in mode sev, which has no VMSA');
    return { mode, ovmf, boot };
  }
  const count = countOf(options, dialect);
  const signature = signatureOf(options, dialect, profile);
  const features = featuresOf(options, dialect);
  switch (mode) {
    case 'snp':
      return { mode, ovmf, boot, start, profile, vcpus: { count, signature, features } };
    case 'seves':
      // SEV_FEATURES is of SNP alone.
      return { mode, ovmf, boot, profile, vcpus: { count, signature, features: 0n } };
    case 'snp:svsm': {
      if (profile !== VMM_PROFILES.QEMU) throw refuse('vmm-type', 'QEMU', profile.name);
      // An SVSM is always launched with SNP alone, and gives its guest what it wants.
      const vcpus = { count, signature, features: 1n };
      return { mode, ovmf, ...svsmOf(options), profile: VMM_PROFILES.SVSM, vcpus };
    }
  }
}
