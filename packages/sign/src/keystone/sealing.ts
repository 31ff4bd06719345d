// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { newSha3With512 } from '@motte/measure/hash';
import { EXPANDED_BYTES } from '../ed25519.js';
import { hmac } from '../hmac.js';
import { checkHash } from './boot.js';

/** Bytes of a sealing key. */
export const SEALING_KEY_BYTES = 128;
/** The rate of SHA3-512. */
const BLOCK_BYTES = 72;

function hmacSha3(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return hmac(newSha3With512, BLOCK_BYTES, key, ...parts);
}

/**
 * The sealing key that the monitor gives an enclave for an identifier: HKDF (RFC 5869) with SHA3-512, without
 * salt, of the monitor's secret key, for the enclave's hash and the identifier. The caller owns it. Throws
 * KEYSTONE_INPUT.
 */
export function sealingKey(
  monitorSecret: Uint8Array,
  enclaveHash: Uint8Array,
  identifier: Uint8Array,
): Uint8Array {
  checkHash(enclaveHash, 'enclave hash');
  if (monitorSecret.length !== EXPANDED_BYTES) {
    const found = monitorSecret.length;
    throw new MotteError('KEYSTONE_INPUT', {
      field: 'monitor secret key',
      expected: `${EXPANDED_BYTES} bytes`,
      found,
    });
  }
  const secret = hmacSha3(new Uint8Array(0), monitorSecret);
  const key = new Uint8Array(SEALING_KEY_BYTES);
  let block: Uint8Array = new Uint8Array(0);
  for (let at = 0, counter = 1; at < key.length; at += block.length, counter++) {
    block = hmacSha3(secret, block, enclaveHash, identifier, Uint8Array.of(counter));
    key.set(block.subarray(0, key.length - at), at);
  }
  return key;
}
