// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import { newSha256 } from '@motte/measure/hash';
import { digestOf } from '../oci/descriptor.js';

/** Bytes that are read at once. */
const WINDOW = 1 << 20;

/** Hands the bytes of `source` to `take`, window by window, and returns their digest. `take` must not keep what it is given. */
export function* streamDigest(source: ByteSource, take?: (bytes: Uint8Array) => void): Steps<string> {
  const hasher = newSha256();
  const window = new Uint8Array(Math.min(WINDOW, source.size));
  for (let at = 0; at < source.size; at += WINDOW) {
    const part = window.subarray(0, Math.min(WINDOW, source.size - at));
    source.read(at, part);
    hasher.update(part);
    take?.(part);
    yield;
  }
  return digestOf(hasher.digest());
}

/** As `streamDigest`, for a blob whose digest is known. Throws IMAGE_BLOB_DIGEST. */
export function* streamBlob(
  digest: string,
  source: ByteSource,
  field: string,
  take?: (bytes: Uint8Array) => void,
): Steps<void> {
  const found = yield* streamDigest(source, take);
  if (found !== digest) throw new MotteError('IMAGE_BLOB_DIGEST', { field, expected: digest, found });
}
