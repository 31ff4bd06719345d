// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { measureSecurityMonitor } from '@motte/measure/keystone';
import { ED25519_BYTES, EXPANDED_BYTES, publicKeyOf } from '@motte/sign/ed25519';
import { needed } from '../grammar/needed.js';
import type { OptionName, OptionValues } from '../grammar/options.js';
import { readSmall } from '../io/file.js';
import { withFiles } from '../io/files.js';
import { hexOption } from './values.js';

/** Bytes of a hash of Keystone's, a SHA3-512. */
export const HASH_BYTES = 64;

/** The secret key of a device or monitor from its file: expanded, 64 bytes. Throws ED25519_INPUT. The caller wipes it. */
export function secretFrom(path: string | undefined, name: OptionName): Uint8Array {
  const secret = readSmall(needed(path, name));
  publicKeyOf(secret);
  return secret;
}

/** The public key that a file holds, or that belongs to the secret key which it holds. Throws ED25519_INPUT. */
export function publicFrom(path: string): Uint8Array {
  const bytes = readSmall(path);
  if (bytes.length === ED25519_BYTES) return bytes;
  if (bytes.length === EXPANDED_BYTES) return publicKeyOf(bytes);
  throw new MotteError('ED25519_INPUT', {
    field: path,
    expected: `${ED25519_BYTES} or ${EXPANDED_BYTES} bytes`,
    found: bytes.length,
  });
}

/** The hash of a security monitor: as it is given, or of its firmware. Throws USAGE_VALUE. */
export function monitorHash({ monitor, 'monitor-hash': hash }: OptionValues): Uint8Array {
  if (hash !== undefined && monitor !== undefined)
    throw new MotteError('USAGE_VALUE', { field: '--monitor', expected: 'either it or --monitor-hash' });
  if (monitor === undefined) return hexOption(hash, 'monitor-hash', HASH_BYTES);
  return withFiles({ monitor }, (files) => measureSecurityMonitor(files.monitor));
}
