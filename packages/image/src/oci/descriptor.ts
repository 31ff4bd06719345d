// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { sha256 } from '@motte/measure/hash';
import * as v from 'valibot';
import type { MediaType } from './media-types.js';

/** What names a blob. OCI image-spec 1.1, descriptor.md; of its optional members we write none. */
export interface Descriptor<M extends MediaType = MediaType> {
  readonly mediaType: M;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly size: number;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** A digest, SHA-256 alone. */
export const digestSchema: v.GenericSchema<string> = v.pipe(v.string(), v.regex(DIGEST));

/** A length in bytes. */
export const sizeSchema: v.GenericSchema<number> = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A descriptor of one of these media types. */
export function descriptorSchema<const M extends MediaType>(
  ...types: readonly [M, ...M[]]
): v.GenericSchema<Descriptor<M>> {
  const [only] = types;
  return v.strictObject({
    mediaType: types.length === 1 ? v.literal(only) : v.picklist(types),
    digest: digestSchema,
    size: sizeSchema,
  });
}

/** The digest that `hash`, a SHA-256, is. */
export function digestOf(hash: Uint8Array): string {
  return `sha256:${toHex(hash)}`;
}

/** The hex digits of a digest. */
export function digestHex(digest: string): string {
  return digest.slice('sha256:'.length);
}

/** The descriptor of bytes in memory. */
export function describe<const M extends MediaType>(mediaType: M, bytes: Uint8Array): Descriptor<M> {
  return { mediaType, digest: digestOf(sha256(bytes)), size: bytes.length };
}
