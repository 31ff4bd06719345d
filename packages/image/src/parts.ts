// SPDX-License-Identifier: Apache-2.0
// Which shims and measurements an image has: one of each for SGX, and for SEV-SNP where it is for both.
import { MotteError } from '@motte/binary/error';
import type { KeepConfig } from '@motte/config/keep-config';
import { shimVariant } from '@motte/config/shim-variant';
import { IMAGE_TEES } from './keep.js';
import type { ImageTee } from './keep.js';
import type {
  KeepManifest,
  Measurement,
  ShimEntry,
  SgxMeasurement,
  SnpMeasurement,
} from './manifest/types.js';

/** What an image has for one TEE. */
export interface TeePart<M extends Measurement> {
  readonly shim: ShimEntry;
  readonly predicted: M;
  /** Where the measurement stands in the manifest, for messages. */
  readonly field: string;
}

/** What an image has for each TEE. */
export interface TeeParts {
  readonly sgx: TeePart<SgxMeasurement>;
  readonly snp: TeePart<SnpMeasurement> | undefined;
}

const isKnown = (tee: string): tee is ImageTee => IMAGE_TEES.some((one) => one === tee);

function checkList(field: string, expected: readonly string[], found: readonly string[]): void {
  const [e, f] = [expected.join(', '), found.join(', ')];
  if (e !== f) throw new MotteError('IMAGE_MEASUREMENT', { field, expected: e, found: f });
}

function partOf<const T extends ImageTee>(
  { shims, measurements }: KeepManifest,
  tee: T,
): TeePart<Extract<Measurement, { tee: T }>> | undefined {
  const shim = shims.find((one) => one.tee === tee);
  const at = measurements.findIndex((one) => one.tee === tee);
  if (shim === undefined || at < 0) return undefined;
  const predicted = measurements[at] as Extract<Measurement, { tee: T }>;
  return { shim, predicted, field: `measurements.${at}` };
}

/**
 * The parts of a manifest, whose shims are those that its configuration wants. Throws IMAGE_TEE for a TEE that this version does not know,
 * IMAGE_MEASUREMENT for another list.
 */
export function teeParts(manifest: KeepManifest, { sgx: settings }: KeepConfig): TeeParts {
  const { shims, measurements } = manifest;
  const other = [...shims, ...measurements].find(({ tee }) => !isKnown(tee));
  if (other !== undefined)
    throw new MotteError('IMAGE_TEE', {
      field: 'Keep manifest',
      expected: IMAGE_TEES.join(' or '),
      found: other.tee,
    });
  const sgx = partOf(manifest, 'sgx');
  if (sgx === undefined)
    throw new MotteError('IMAGE_MEASUREMENT', {
      field: 'Keep manifest',
      expected: 'a shim and a measurement for sgx',
      found: 'not both',
    });
  const snp = partOf(manifest, 'snp');
  const tees = IMAGE_TEES.filter((tee) => tee === 'sgx' || snp !== undefined);
  checkList(
    'shims',
    tees.map((tee) => `${tee} ${shimVariant(settings, tee)}`),
    shims.map(({ tee, variant }) => `${tee} ${variant}`),
  );
  checkList(
    'measurements',
    tees,
    measurements.map(({ tee }) => tee),
  );
  return { sgx, snp };
}
