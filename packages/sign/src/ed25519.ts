// SPDX-License-Identifier: Apache-2.0
import { ed25519 } from '@noble/curves/ed25519.js';
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { hashOf } from '@motte/measure/hash';
import type { NewHasher } from '@motte/measure/hash';

/** Bytes of a seed, of a public key and of either half of a signature. */
export const ED25519_BYTES = 32;
/** Bytes of an expanded secret key: the clamped scalar, then the prefix that nonces are made with. */
export const EXPANDED_BYTES = 64;
/** Bytes of a signature. */
export const SIGNATURE_BYTES = 64;

const { Point } = ed25519;
type Point = (typeof Point)['BASE'];

const ORDER = Point.Fn.ORDER;

function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.toReversed())}`);
}

function toLittleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(ED25519_BYTES);
  for (let i = 0, rest = value; i < bytes.length; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Throws ED25519_INPUT, naming `field`, unless `bytes` are `length` bytes. */
function checkLength(bytes: Uint8Array, length: number, field: string): void {
  if (bytes.length === length) return;
  throw new MotteError('ED25519_INPUT', { field, expected: `${length} bytes`, found: bytes.length });
}

/** The secret scalar of an expanded key. Throws ED25519_INPUT for one that is not clamped. */
function scalarOf(expanded: Uint8Array): bigint {
  checkLength(expanded, EXPANDED_BYTES, 'secret key');
  const [low = 0, high = 0] = [expanded[0], expanded[ED25519_BYTES - 1]];
  if ((low & 7) !== 0 || (high & 0xc0) !== 0x40)
    throw new MotteError('ED25519_INPUT', {
      field: 'secret key',
      expected: 'a clamped scalar in its first 32 bytes',
      found: 'other bits',
    });
  return fromLittleEndian(expanded.subarray(0, ED25519_BYTES)) % ORDER;
}

/** The expanded secret key of a seed. RFC 8032, 5.1.5, with the hash as it is given. */
export function expandSeed(seed: Uint8Array, newHasher: NewHasher): Uint8Array {
  checkLength(seed, ED25519_BYTES, 'seed');
  const expanded = hashOf(newHasher, seed);
  expanded[0] = (expanded[0] ?? 0) & 0xf8;
  expanded[31] = ((expanded[31] ?? 0) & 0x3f) | 0x40;
  return expanded;
}

/** The public key of an expanded secret key. Throws ED25519_INPUT. */
export function publicKeyOf(expanded: Uint8Array): Uint8Array {
  return Point.BASE.multiply(scalarOf(expanded)).toBytes();
}

/**
 * Signs with an expanded secret key: RFC 8032, 5.1.6, with the hash as it is given (SHA-512 in the RFC, SHA3-512
 * for Keystone). Throws ED25519_INPUT.
 */
export function signEd25519(message: Uint8Array, expanded: Uint8Array, newHasher: NewHasher): Uint8Array {
  const scalar = scalarOf(expanded);
  const publicKey = Point.BASE.multiply(scalar).toBytes();
  const nonce = fromLittleEndian(hashOf(newHasher, expanded.subarray(ED25519_BYTES), message)) % ORDER;
  const commitment = Point.BASE.multiply(nonce).toBytes();
  const challenge = fromLittleEndian(hashOf(newHasher, commitment, publicKey, message)) % ORDER;
  return concat(commitment, toLittleEndian((nonce + challenge * scalar) % ORDER));
}

function pointOf(publicKey: Uint8Array): Point | undefined {
  try {
    const point = Point.fromBytes(publicKey);
    return point.isSmallOrder() ? undefined : point;
  } catch {
    return undefined;
  }
}

/**
 * Whether a signature is genuine, as strict as RFC 8032, 5.1.7, allows: S below the order, so that nobody makes
 * a second signature of a first, R and the key in their one encoding, no key of small order, and no cofactor.
 * Throws ED25519_INPUT for a key or a signature of another length.
 */
export function verifyEd25519(
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
  newHasher: NewHasher,
): boolean {
  checkLength(signature, SIGNATURE_BYTES, 'signature');
  checkLength(publicKey, ED25519_BYTES, 'public key');
  const commitment = signature.subarray(0, ED25519_BYTES);
  const response = fromLittleEndian(signature.subarray(ED25519_BYTES));
  const key = pointOf(publicKey);
  if (key === undefined || response >= ORDER) return false;
  const challenge = fromLittleEndian(hashOf(newHasher, commitment, publicKey, message)) % ORDER;
  const found = Point.BASE.multiplyUnsafe(response).subtract(key.multiplyUnsafe(challenge)).toBytes();
  return found.every((byte, i) => byte === commitment[i]);
}
