// SPDX-License-Identifier: Apache-2.0
import { fromHex, toHex } from '@motte/binary/hex';

/** Bytes of an RSA-3072 number. */
export const RSA_BYTES = 384;

/**
 * DER of a DigestInfo up to the digest itself: SHA-256 without parameters but NULL. RFC 8017, 9.2, note 1.
 */
const DIGEST_INFO: Uint8Array = fromHex('3031300d060960864801650304020105000420');

/** The number that little-endian `bytes` are. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.toReversed())}`);
}

/** `value` in RSA_BYTES little-endian bytes; it must fit. */
export function toLittleEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * RSA_BYTES, '0'), 'number', RSA_BYTES).toReversed();
}

/** The number that EMSA-PKCS1-v1_5 makes of a SHA-256 digest. RFC 8017, 9.2. */
export function paddedDigest(digest: Uint8Array): bigint {
  const block = new Uint8Array(RSA_BYTES).fill(0xff);
  block.set([0x00, 0x01]);
  const at = RSA_BYTES - DIGEST_INFO.length - digest.length;
  block[at - 1] = 0x00;
  block.set(DIGEST_INFO, at);
  block.set(digest, at + DIGEST_INFO.length);
  return BigInt(`0x${toHex(block)}`);
}

/**
 * s^3 mod n: RSA verification with the one exponent that SGX has. Public values alone, so time may depend on
 * them.
 */
export function cubeMod(s: bigint, n: bigint): bigint {
  return (((s * s) % n) * s) % n;
}

/** The quotients that spare the CPU a division. Intel SDM 332831 vol. 3D, SIGSTRUCT: Q1 and Q2. */
export function quotients(s: bigint, n: bigint): { q1: bigint; q2: bigint } {
  const q1 = (s * s) / n;
  return { q1, q2: (s * s * s - q1 * s * n) / n };
}

/** Whether `n` can be the modulus of an RSA-3072 key. */
export function isModulus(n: bigint): boolean {
  return n >> BigInt(8 * RSA_BYTES - 1) === 1n && (n & 1n) === 1n;
}
