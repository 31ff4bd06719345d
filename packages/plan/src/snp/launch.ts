// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { bytesSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { SEV_SECTION } from '../firmware/sev-metadata.js';
import type { SevFirmware, SevSection } from '../firmware/sev-metadata.js';
import { MADE_FILE } from '../plan.js';
import { NO_BYTES } from '../sources.js';
import { hashTablePage } from './kernel-hashes.js';
import type { KernelHashes } from './kernel-hashes.js';
import { VMSA_GPA } from './plan.js';
import type { SnpPlan, SnpRun } from './plan.js';
import type { VmmProfile } from './profile.js';
import { vmsaPage } from './vmsa.js';

/** The address after the last byte of firmware. */
const FOUR_GIB: bigint = 1n << 32n;
/** Where vCPU 0 starts. */
export const RESET_VECTOR = 0xfffffff0;
/** As many as KVM makes. */
export const MAX_VCPUS = 4096;

/** vCPUs of a launch. */
export interface VcpuInput {
  readonly count: number;
  /** SEV_FEATURES. */
  readonly features: bigint;
  /** CPUID 1 EAX, for VMMs that put it in a register. */
  readonly signature: number | bigint;
}

/** What is launched by a VMM that brings OVMF-like firmware. */
export interface SnpLaunchInput {
  /** The firmware's name, for `RunSource.file`. */
  readonly file: string;
  /** The firmware; without it `start` is the digest of its pages. */
  readonly image?: ByteSource;
  readonly start?: Uint8Array;
  readonly firmware: SevFirmware;
  readonly profile: VmmProfile;
  readonly vcpus: VcpuInput;
  readonly kernel?: KernelHashes;
}

/** Pages of an image, loaded so that it ends at `end`. Throws SNP_INPUT for one of no whole pages. */
export function imageRun(image: ByteSource, file: string, end: bigint): SnpRun {
  if (image.size === 0 || image.size % PAGE_SIZE !== 0 || BigInt(image.size) > end) {
    const expected = 'whole pages that end below 4 GiB';
    throw new MotteError('SNP_INPUT', { field: file, expected, found: `${image.size} bytes` });
  }
  return {
    gpa: end - BigInt(image.size),
    pages: image.size / PAGE_SIZE,
    type: 'normal',
    bytes: image,
    source: { file, section: 'firmware', offset: 0 },
  };
}

function sectionRun(
  section: SevSection,
  input: Pick<SnpLaunchInput, 'profile' | 'kernel' | 'firmware'>,
): SnpRun {
  const { gpa, size, type } = section;
  const name = `section type 0x${type.toString(16)} at 0x${gpa.toString(16)}`;
  const bad = (field: string, expected: string, found: string | number): MotteError =>
    new MotteError('SNP_INPUT', { field: `${name}: ${field}`, expected, found });
  if (gpa % PAGE_SIZE !== 0 || size === 0 || size % PAGE_SIZE !== 0)
    throw bad('range', 'whole pages', `0x${gpa.toString(16)} + 0x${size.toString(16)}`);
  const made = { file: MADE_FILE, section: name, offset: 0 };
  const run = { gpa: BigInt(gpa), pages: size / PAGE_SIZE, bytes: NO_BYTES, source: made };
  const { kernelHashes, sections } = input.profile;
  if (type === SEV_SECTION.KERNEL_HASHES && kernelHashes === 'section' && input.kernel !== undefined) {
    const { hashTable } = input.firmware;
    if (hashTable === undefined || size !== PAGE_SIZE)
      throw bad('size', 'one page, and a hash table in the footer table', size);
    return { ...run, type: 'normal', bytes: bytesSource(hashTablePage(input.kernel, hashTable.gpa)) };
  }
  const page = sections[type];
  if (page === undefined) throw bad('type', Object.keys(sections).join(', '), type);
  return { ...run, type: page };
}

/** The page that holds a hash table, which the VMM launches by itself. */
function hashRun(kernel: KernelHashes, table: number): SnpRun {
  return {
    gpa: BigInt(table - (table % PAGE_SIZE)),
    pages: 1,
    type: 'normal',
    bytes: bytesSource(hashTablePage(kernel, table)),
    source: { file: MADE_FILE, section: 'kernel hashes', offset: 0 },
  };
}

/** The sections that firmware asks for, in the order in which the VMM launches them. */
export function sectionRuns(input: Pick<SnpLaunchInput, 'profile' | 'kernel' | 'firmware'>): SnpRun[] {
  const { sections, hashTable } = input.firmware;
  const first = input.profile.kernelHashes === 'first';
  const hashes = first || sections.some(({ type }) => type === SEV_SECTION.KERNEL_HASHES);
  if (input.kernel !== undefined && (hashTable === undefined || !hashes)) {
    throw new MotteError('SNP_INPUT', {
      field: 'kernel',
      expected: 'firmware that measures kernel, initrd and command line',
      found: 'firmware without a hash table',
    });
  }
  const last = (section: SevSection): boolean =>
    input.profile.cpuidLast && section.type === SEV_SECTION.CPUID;
  const order = [...sections.filter((section) => !last(section)), ...sections.filter(last)];
  const runs = order.map((section) => sectionRun(section, input));
  if (!first || input.kernel === undefined || hashTable === undefined) return runs;
  return [hashRun(input.kernel, hashTable.gpa), ...runs];
}

/** One VMSA for each vCPU: the first starts at `first`, the others at `other`. Throws SNP_INPUT. */
export function vmsaPages(
  profile: VmmProfile,
  vcpus: VcpuInput,
  first: number,
  other: number | undefined,
): Uint8Array[] {
  const { count, features, signature } = vcpus;
  if (!Number.isInteger(count) || count < 1 || count > MAX_VCPUS)
    throw new MotteError('SNP_INPUT', { field: 'vcpus', expected: `1 to ${MAX_VCPUS}`, found: count });
  const start = { sevFeatures: features, ...(profile.signatureInRdx ? { signature } : {}) };
  const pages = [vmsaPage(profile.firstVcpu, { ...start, eip: first })];
  if (count > 1) {
    if (other === undefined)
      throw new MotteError('SNP_INPUT', {
        field: 'vcpus',
        expected: '1, as the firmware has no reset block',
        found: count,
      });
    const page = vmsaPage(profile.otherVcpus, { ...start, eip: other });
    for (let i = 1; i < count; i++) pages.push(page);
  }
  return pages;
}

/** vCPUs as they start with OVMF: the first at the reset vector, the others where the firmware says. */
export function ovmfVmsaPages(profile: VmmProfile, vcpus: VcpuInput, firmware: SevFirmware): Uint8Array[] {
  return vmsaPages(profile, vcpus, RESET_VECTOR, firmware.resetEip);
}

/** Runs of VMSA pages, vCPU 0 first. */
export function vmsaRuns(pages: readonly Uint8Array[]): SnpRun[] {
  return pages.map((page, i) => ({
    gpa: VMSA_GPA,
    pages: 1,
    type: 'vmsa',
    bytes: bytesSource(page),
    source: { file: MADE_FILE, section: `vmsa ${i}`, offset: 0, inline: true },
  }));
}

/**
 * The plan of a guest with OVMF: firmware below 4 GiB, its sections, a VMSA for each vCPU. Throws SNP_INPUT.
 */
export function snpLaunchPlan(input: SnpLaunchInput): SnpPlan {
  const { image, file, start, profile, vcpus, firmware } = input;
  return {
    tee: 'snp',
    ...(start === undefined ? {} : { start }),
    runs: [
      ...(image === undefined ? [] : [imageRun(image, file, FOUR_GIB)]),
      ...sectionRuns(input),
      ...vmsaRuns(ovmfVmsaPages(profile, vcpus, firmware)),
    ],
  };
}

/** The firmware's pages alone, whose digest a launch may go on from. */
export function firmwarePlan(image: ByteSource, file: string): SnpPlan {
  return { tee: 'snp', runs: [imageRun(image, file, FOUR_GIB)] };
}

/** What is launched when an SVSM runs below the guest's firmware. */
export interface SvsmLaunchInput {
  readonly image: ByteSource;
  readonly file: string;
  readonly svsm: ByteSource;
  readonly svsmFile: string;
  readonly svsmFirmware: SevFirmware;
  /** Bytes of the variable store between the two. */
  readonly varsSize: number;
  readonly profile: VmmProfile;
  readonly vcpus: VcpuInput;
}

/**
 * The plan of a guest with an SVSM: firmware, SVSM below it, the SVSM's sections, all vCPUs in the SVSM.
 * Throws SNP_INPUT.
 */
export function svsmLaunchPlan(input: SvsmLaunchInput): SnpPlan {
  const { image, file, svsm, svsmFile, svsmFirmware, varsSize, profile, vcpus } = input;
  if (svsmFirmware.svsmEntry === undefined)
    throw new MotteError('SNP_INPUT', { field: svsmFile, expected: 'an SVSM entry point', found: 'none' });
  const top = FOUR_GIB - BigInt(image.size) - BigInt(varsSize);
  const svsmRun = imageRun(svsm, svsmFile, top);
  const eip = Number(svsmRun.gpa) + svsmFirmware.svsmEntry;
  return {
    tee: 'snp',
    runs: [
      imageRun(image, file, FOUR_GIB),
      svsmRun,
      ...sectionRuns({ profile, firmware: svsmFirmware }),
      ...vmsaRuns(vmsaPages(profile, vcpus, eip, eip)),
    ],
  };
}
