// SPDX-License-Identifier: Apache-2.0
// From the parts of an image to what each TEE will say of its Keep: building and verifying both come here.
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import type { ByteSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import type { FileIndex } from '@motte/config/image-files';
import type { KeepConfig } from '@motte/config/keep-config';
import { parseKeepToml } from '@motte/config/keep-toml';
import { sha256 } from '@motte/measure/hash';
import { measureSgxSteps } from '@motte/measure/sgx';
import { planKeep } from '@motte/plan/plan-keep';
import type { PlannedKeep } from '@motte/plan/plan-keep';
import type { SgxMeasurement } from './manifest/types.js';

/** Bytes that a Keep is made of. */
export interface KeepParts {
  readonly name: string;
  readonly exec: ByteSource;
  readonly shim: ByteSource;
  readonly config: KeepConfig;
  readonly index?: FileIndex | undefined;
}

/** An SGX Keep that is planned and measured. */
export interface SgxKeep extends PlannedKeep {
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

/** Plans and measures the SGX Keep of these parts. Throws what planning throws. */
export function* sgxKeep({ name, exec, shim, config, index }: KeepParts): Steps<SgxKeep> {
  const files = index === undefined ? {} : { index };
  const planned = planKeep({ exec, shim, file: name, argv0: name, config, ...files });
  return { ...planned, measurement: yield* measureSgxSteps(planned.plan) };
}

/** CONFIGID's first half, hex. */
export function configIdOf({ config }: PlannedKeep): string {
  return toHex(sha256(config));
}

/** The manifest's entry of an SGX Keep, not signed. */
export function sgxMeasurement({ measurement }: SgxKeep, { sgx }: KeepConfig): SgxMeasurement {
  return {
    tee: 'sgx',
    kind: 'mrenclave',
    algorithm: 'sha256',
    value: toHex(measurement),
    parameters: { version: sgx.version },
  };
}
