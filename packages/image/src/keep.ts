// SPDX-License-Identifier: Apache-2.0
// From the parts of an image to what each TEE will say of its Keep: building and verifying both come here.
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import type { ByteSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import { configBlob } from '@motte/config/blob';
import type { FileIndex } from '@motte/config/image-files';
import type { KeepConfig } from '@motte/config/keep-config';
import { parseKeepToml } from '@motte/config/keep-toml';
import { sha256 } from '@motte/measure/hash';
import { KEEP_TEES } from '@motte/measure/keep-tees';
import { KEEP_KVM } from '@motte/measure/profiles/keep';
import { checkProgramFile } from '@motte/measure/program-file';
import { measureSgxSteps } from '@motte/measure/sgx';
import { measureSnpSteps } from '@motte/measure/snp';
import { planKeep } from '@motte/plan/plan-keep';
import type { KeepTee, PlannedKeep } from '@motte/plan/plan-keep';
import { vmLaunchPlan } from '@motte/plan/vm/launch';
import type { SgxMeasurement, SnpMeasurement, Tee } from './manifest/types.js';

/** A TEE that this version plans and measures for an image. */
export type ImageTee = Extract<Tee, 'sgx' | 'snp'>;

/** All of them, in the order that an image has them in. SGX is in every image. */
export const IMAGE_TEES: readonly ImageTee[] = ['sgx', 'snp'];

/** Bytes that a Keep is made of. */
export interface KeepParts {
  readonly name: string;
  readonly exec: ByteSource;
  readonly shim: ByteSource;
  readonly config: KeepConfig;
  readonly index?: FileIndex | undefined;
}

/** A Keep that is planned and measured. */
export interface MeasuredKeep extends PlannedKeep {
  readonly measurement: Uint8Array;
}

/** The configuration in the bytes of a Keep.toml; none are the defaults. Throws KEEP_*. */
export function configOf(toml: Uint8Array): KeepConfig {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(toml);
  } catch (cause) {
    throw new MotteError('KEEP_SYNTAX', {
      field: 'Keep.toml',
      expected: 'UTF-8',
      found: 'other bytes',
      cause,
    });
  }
  return parseKeepToml(text);
}

/** Plans the Keep of these parts. Throws what planning throws. */
export function plannedKeep(
  { name, exec, shim, config, index }: KeepParts,
  tee: KeepTee['tee'],
): PlannedKeep {
  const files = index === undefined ? {} : { index };
  checkProgramFile(exec, index);
  return planKeep({ exec, shim, file: name, argv0: name, config, tee: KEEP_TEES[tee], ...files });
}

/** Plans and measures the SGX Keep of these parts. Throws what planning throws. */
export function* sgxKeep(parts: KeepParts): Steps<MeasuredKeep> {
  const keep = plannedKeep(parts, 'sgx');
  return { ...keep, measurement: yield* measureSgxSteps(keep.plan) };
}

/** As `sgxKeep`, the one for SEV-SNP: `shim` is the VM's. */
export function* snpKeep(parts: KeepParts): Steps<MeasuredKeep> {
  const keep = plannedKeep(parts, 'snp');
  return { ...keep, measurement: yield* measureSnpSteps(vmLaunchPlan(keep.plan)) };
}

/** SHA-256 of the config blob, which is the same for all TEEs: CONFIGID's first half, and HOST_DATA. Hex. */
export function configIdOf({ name, config, index }: Omit<KeepParts, 'exec' | 'shim'>): string {
  return toHex(sha256(configBlob(config, name, index)));
}

/** The manifest's entry of an SGX Keep, not signed. */
export function sgxMeasurement({ measurement }: MeasuredKeep, { sgx }: KeepConfig): SgxMeasurement {
  return {
    tee: 'sgx',
    kind: 'mrenclave',
    algorithm: 'sha256',
    value: toHex(measurement),
    parameters: { version: sgx.version },
  };
}

/** The manifest's entry of a Keep for SEV-SNP, not signed. */
export function snpMeasurement({ measurement }: MeasuredKeep, { threads }: KeepConfig): SnpMeasurement {
  return {
    tee: 'snp',
    kind: 'launch-digest',
    algorithm: 'sha384',
    value: toHex(measurement),
    parameters: { vcpus: threads, vmm: KEEP_KVM.name },
  };
}
