// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE, pagesFor } from '@motte/binary/range';
import { toSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { MotteError } from '@motte/binary/error';
import { newSha3With512 } from './hash.js';
import type { NewHasher } from './hash.js';
import { hashPadded, u64 } from './keystone/stream.js';
import { stepsOf } from './transcript.js';
import type { OnStep } from './transcript.js';

/** The three files that a Keystone enclave is created from. */
export interface KeystoneFiles {
  readonly loader: Uint8Array | ByteSource;
  readonly runtime: Uint8Array | ByteSource;
  readonly eapp: Uint8Array | ByteSource;
}

/** How an enclave is measured; each has a default. */
export interface MeasureKeystoneOptions {
  /** Starts a SHA3-512; without it the platform's. */
  readonly sha3?: NewHasher;
  /** Is told of every step, for a transcript. */
  readonly onStep?: OnStep | undefined;
}

/**
 * The measurement of an enclave by a security monitor of today: SHA3-512 over the page-rounded sizes of the
 * three files, then over their pages. keystone-enclave/keystone 88c49ee, `validate_and_hash_enclave`. Throws
 * KEYSTONE_FILE for an empty file, of which the monitor makes no enclave.
 */
export function measureKeystone(files: KeystoneFiles, options: MeasureKeystoneOptions = {}): Uint8Array {
  const parts = (['loader', 'runtime', 'eapp'] as const).map((field) => {
    const source = toSource(files[field]);
    if (source.size === 0)
      throw new MotteError('KEYSTONE_FILE', { field, expected: 'at least one byte', found: 0 });
    return { field, source, bytes: pagesFor(source.size) * PAGE_SIZE };
  });
  const hasher = (options.sha3 ?? newSha3With512)();
  const step = stepsOf(hasher, options.onStep);
  for (const { field, bytes } of parts) {
    hasher.update(u64(bytes));
    step(() => `size ${field} ${bytes}`);
  }
  for (const { field, source, bytes } of parts) {
    hashPadded(hasher, source, bytes);
    step(() => `pages ${field} ${bytes / PAGE_SIZE}`);
  }
  return hasher.digest();
}

/** Bytes of memory that the boot ROM measures, whatever the size of the firmware in them. */
export const MONITOR_BYTES = 0x1ff000;

/**
 * The hash of the security monitor: SHA3-512 of the memory that it is loaded into, the firmware and then zeros.
 * keystone-enclave/keystone 88c49ee, boot ROM. Throws KEYSTONE_FILE for firmware that is larger.
 */
export function measureSecurityMonitor(
  firmware: Uint8Array | ByteSource,
  sha3: NewHasher = newSha3With512,
): Uint8Array {
  const source = toSource(firmware);
  if (source.size > MONITOR_BYTES) {
    const expected = `at most ${MONITOR_BYTES} bytes`;
    throw new MotteError('KEYSTONE_FILE', { field: 'firmware', expected, found: source.size });
  }
  const hasher = sha3();
  hashPadded(hasher, source, MONITOR_BYTES);
  return hasher.digest();
}
