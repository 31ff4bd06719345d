// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { readSevFirmware } from '@motte/plan/firmware/sev-metadata';
import type { SevFirmware } from '@motte/plan/firmware/sev-metadata';
import { hashTable, kernelHashes } from '@motte/plan/snp/kernel-hashes';
import { firmwarePlan, ovmfVmsaPages, snpLaunchPlan, svsmLaunchPlan } from '@motte/plan/snp/launch';
import type { VcpuInput } from '@motte/plan/snp/launch';
import type { SnpPlan } from '@motte/plan/snp/plan';
import { newSha256 } from '../hash.js';
import { measureSev } from '../sev.js';
import { measureSevEs } from '../sev-es.js';
import type { SevData } from '../sev/parts.js';
import { measureSnp } from '../snp.js';
import type { OnStep } from '../transcript.js';
import type { DirectBoot, SevRequest } from './request.js';

/** What a file is to the launch. */
export type SevRole = 'ovmf' | 'kernel' | 'initrd' | 'svsm' | 'vars-file';

/** Opens a file; each role is opened once at most. */
export type OpenFile = (path: string, role: SevRole) => ByteSource;

/** Measures an SNP plan: `measureSnp`, or under Node with all its cores `measureSnpByThreads`. */
export type MeasureSnp = (plan: SnpPlan, options: { readonly onStep?: OnStep | undefined }) => Uint8Array;

/** A launch that can be measured. */
export interface SevLaunch {
  /** SHA-384 for SNP, by `snp` when it is given, SHA-256 for SEV and SEV-ES. The caller owns the result. */
  measure(onStep?: OnStep, snp?: MeasureSnp): Uint8Array;
  /** The VMSA page of each vCPU; the caller owns them. */
  vmsas(): readonly Uint8Array[];
}

/** A reset vector, and the least that a footer table below it has. */
const LEAST_FIRMWARE = 0x32;

interface Firmware {
  readonly image: ByteSource;
  readonly firmware: SevFirmware;
}

function openFirmware(path: string, role: SevRole, open: OpenFile): Firmware {
  const image = open(path, role);
  if (image.size < LEAST_FIRMWARE)
    throw new MotteError('FIRMWARE_TABLE', {
      field: path,
      expected: `at least ${LEAST_FIRMWARE} bytes`,
      found: image.size,
    });
  return { image, firmware: readSevFirmware(image) };
}

/** Firmware for vCPUs with encrypted state, of which QEMU wants to know where they begin. */
function openForVcpus(path: string, open: OpenFile): Firmware {
  const opened = openFirmware(path, 'ovmf', open);
  if (opened.firmware.resetEip === undefined)
    throw new MotteError('SNP_INPUT', { field: path, expected: 'an SEV-ES reset block', found: 'none' });
  return opened;
}

function hashesOf(boot: DirectBoot, open: OpenFile): ReturnType<typeof kernelHashes> {
  const kernel = open(boot.kernel, 'kernel');
  const initrd = boot.initrd === undefined ? {} : { initrd: open(boot.initrd, 'initrd') };
  return kernelHashes({ kernel, ...initrd, cmdline: boot.cmdline }, newSha256);
}

function dataOf({ image, firmware }: Firmware, boot: DirectBoot | undefined, open: OpenFile): SevData {
  if (boot === undefined) return { firmware: image };
  if (firmware.hashTable === undefined)
    throw new MotteError('SNP_INPUT', {
      field: '--kernel',
      expected: 'firmware that measures kernel, initrd and command line',
      found: 'firmware without a hash table',
    });
  return { firmware: image, hashTable: hashTable(hashesOf(boot, open)) };
}

function varsSizeOf(vars: number | string, open: OpenFile): number {
  const [field, size] =
    typeof vars === 'number'
      ? (['--vars-size', vars] as const)
      : ([vars, open(vars, 'vars-file').size] as const);
  if (size % PAGE_SIZE === 0) return size;
  throw new MotteError('SNP_INPUT', { field, expected: 'whole pages', found: `${size} bytes` });
}

function snpLaunch(plan: SnpPlan): SevLaunch {
  return {
    measure: (onStep, snp = measureSnp) => snp(plan, { onStep }),
    vmsas: () =>
      plan.runs.filter(({ type }) => type === 'vmsa').map(({ bytes }) => readBytes(bytes, 0, bytes.size)),
  };
}

/** A plan for `count` vCPUs, also for none, of which no VMM makes a guest but the tool a digest. */
function withCount({ count, ...vcpu }: VcpuInput, planFor: (vcpus: VcpuInput) => SnpPlan): SnpPlan {
  const plan = planFor({ ...vcpu, count: Math.max(1, count) });
  return count > 0 ? plan : { ...plan, runs: plan.runs.filter(({ type }) => type !== 'vmsa') };
}

/**
 * Opens the files of a request and lays out its launch. Throws FIRMWARE_TABLE and SNP_INPUT for what does not fit
 * together, and what `open` throws.
 */
export function sevLaunch(request: SevRequest, open: OpenFile): SevLaunch {
  switch (request.mode) {
    case 'snp:ovmf-hash': {
      const { image } = openFirmware(request.ovmf, 'ovmf', open);
      return snpLaunch(firmwarePlan(image, request.ovmf));
    }
    case 'sev': {
      const data = dataOf(openFirmware(request.ovmf, 'ovmf', open), request.boot, open);
      return { measure: (onStep) => measureSev(data, { onStep }), vmsas: () => [] };
    }
    case 'seves': {
      const { ovmf, profile, vcpus, boot } = request;
      const opened = openForVcpus(ovmf, open);
      const data = dataOf(opened, boot, open);
      const vmsas = vcpus.count > 0 ? ovmfVmsaPages(profile, vcpus, opened.firmware) : [];
      return { measure: (onStep) => measureSevEs({ ...data, vmsas }, { onStep }), vmsas: () => vmsas };
    }
    case 'snp': {
      const { ovmf, profile, boot, start } = request;
      const { image, firmware } = openForVcpus(ovmf, open);
      const pages = start === undefined ? { image } : { start };
      const kernel = boot === undefined ? {} : { kernel: hashesOf(boot, open) };
      const input = { file: ovmf, firmware, profile, ...pages, ...kernel };
      return snpLaunch(withCount(request.vcpus, (vcpus) => snpLaunchPlan({ ...input, vcpus })));
    }
    case 'snp:svsm': {
      const { ovmf, profile, vars } = request;
      const { image } = openFirmware(ovmf, 'ovmf', open);
      const { image: svsm, firmware: svsmFirmware } = openFirmware(request.svsm, 'svsm', open);
      const varsSize = varsSizeOf(vars, open);
      const input = { image, file: ovmf, svsm, svsmFile: request.svsm, svsmFirmware, varsSize, profile };
      return snpLaunch(withCount(request.vcpus, (vcpus) => svsmLaunchPlan({ ...input, vcpus })));
    }
  }
}
