// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import { shimVariant } from '@motte/config/shim-variant';
import { shimPath } from '@motte/loader/prebuilt';
import type { OpenFiles } from './container/files.js';
import { streamDigest } from './container/stream.js';
import { sgxKeep, sgxMeasurement, snpKeep, snpMeasurement } from './keep.js';
import type { ImageTee, KeepParts } from './keep.js';
import type { Measurement, ShimEntry } from './manifest/types.js';
import { MEDIA } from './oci/media-types.js';
import { shimOrigin } from './provenance/builder.js';
import type { ShimOrigin } from './provenance/make.js';

/** What an image has for one TEE, and how its shim was made. */
export interface BuiltPart {
  readonly entry: ShimEntry;
  readonly source: ByteSource;
  readonly origin: ShimOrigin | undefined;
  readonly measurement: Measurement;
}

/** Plans and measures the Keep for one TEE, with the built shim, or the one at `sgxShim`. Throws SHIM_MISSING and what planning throws. */
export function* buildPart(
  tee: ImageTee,
  parts: Omit<KeepParts, 'shim'>,
  sgxShim: string | undefined,
  open: OpenFiles,
): Steps<BuiltPart> {
  const { config } = parts;
  const variant = shimVariant(config.sgx, tee);
  const shimFile = (tee === 'sgx' ? sgxShim : undefined) ?? shimPath(`${variant}.elf`);
  const source = open.add(shimFile);
  const keep = yield* (tee === 'sgx' ? sgxKeep : snpKeep)({ ...parts, shim: source });
  const digest = yield* streamDigest(source);
  return {
    entry: { tee, variant, blob: { mediaType: MEDIA.shim, digest, size: source.size } },
    source,
    origin: shimOrigin(variant, shimFile, digest),
    measurement: (tee === 'sgx' ? sgxMeasurement : snpMeasurement)(keep, config),
  };
}
