// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { hmacSha256, isSameMac } from '../hmac.js';

/** AES-128 in counter mode; `@motte/sign/sev/aes-node` has one. */
export type AesCtr = (key: Uint8Array, iv: Uint8Array, data: Uint8Array) => Uint8Array;

/** Bytes of TEK, TIK, nonces and AES blocks. */
const KEY_BYTES = 16;

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** Throws SEV_INPUT, naming `field`, unless `bytes` are `length` bytes. */
export function checkLength(bytes: Uint8Array, length: number, field: string): void {
  if (bytes.length === length) return;
  throw new MotteError('SEV_INPUT', { field, expected: `${length} bytes`, found: bytes.length });
}

/**
 * The key derivation of the SEV API: SP 800-108 in counter mode over HMAC-SHA-256, little-endian. AMD 55766,
 * chapter 2.
 */
export function deriveKey(
  key: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number = KEY_BYTES,
): Uint8Array {
  const out = new Uint8Array(length);
  const text = new TextEncoder().encode(label);
  for (let at = 0, counter = 1; at < length; counter++) {
    const block = hmacSha256(key, u32(counter), text, Uint8Array.of(0), context, u32(8 * length));
    out.set(block.subarray(0, length - at), at);
    at += block.length;
  }
  return out;
}

/** What the owner of a guest and the platform agreed on, and what the owner chose. */
export interface SessionInput {
  /** The shared ECDH secret with the platform's PDH. */
  readonly z: Uint8Array;
  readonly nonce: Uint8Array;
  /** Transport keys, for encryption and integrity. */
  readonly tek: Uint8Array;
  readonly tik: Uint8Array;
  readonly iv: Uint8Array;
  /** The guest's policy. */
  readonly policy: number;
}

/** The session data of LAUNCH_START. */
export interface Session {
  readonly wrapTk: Uint8Array;
  readonly wrapMac: Uint8Array;
  readonly policyMac: Uint8Array;
}

/** The keys between owner and platform. */
export function sessionKeys(
  z: Uint8Array,
  nonce: Uint8Array,
): { master: Uint8Array; kek: Uint8Array; kik: Uint8Array } {
  const none = new Uint8Array(0);
  const master = deriveKey(z, 'sev-master-secret', nonce);
  return { master, kek: deriveKey(master, 'sev-kek', none), kik: deriveKey(master, 'sev-kik', none) };
}

/** Wraps the transport keys for a platform. Throws SEV_INPUT for keys of another length. */
export function wrapSession(input: SessionInput, aesCtr: AesCtr): Session {
  const { z, nonce, tek, tik, iv, policy } = input;
  for (const field of ['nonce', 'tek', 'tik', 'iv'] as const) checkLength(input[field], KEY_BYTES, field);
  const { kek, kik } = sessionKeys(z, nonce);
  const wrapTk = aesCtr(kek, iv, new Uint8Array([...tek, ...tik]));
  return { wrapTk, wrapMac: hmacSha256(kik, wrapTk), policyMac: hmacSha256(tik, u32(policy)) };
}

/** What the platform answers LAUNCH_MEASURE with is a MAC over these. */
export interface LaunchMeasureInput {
  readonly tik: Uint8Array;
  readonly apiMajor: number;
  readonly apiMinor: number;
  readonly build: number;
  readonly policy: number;
  /** The launch digest, `@motte/measure/sev`. */
  readonly digest: Uint8Array;
  /** The platform's nonce. */
  readonly mnonce: Uint8Array;
}

/** First byte of what the MACs cover. */
const CONTEXT_MEASURE = 4;
const CONTEXT_SECRET = 1;

/** MEASURE of LAUNCH_MEASURE. AMD 55766, 6.5.1. Throws SEV_INPUT. The caller owns the result. */
export function launchMeasure(input: LaunchMeasureInput): Uint8Array {
  const { tik, apiMajor, apiMinor, build, policy, digest, mnonce } = input;
  checkLength(tik, KEY_BYTES, 'tik');
  checkLength(digest, 32, 'digest');
  checkLength(mnonce, KEY_BYTES, 'mnonce');
  const head = Uint8Array.of(CONTEXT_MEASURE, apiMajor, apiMinor, build);
  return hmacSha256(tik, head, u32(policy), digest, mnonce);
}

/**
 * Throws SEV_LAUNCH unless `measure` is what a platform answers that launched exactly this under this TIK. A verifier
 * must have drawn the TIK itself: who knows it can answer anything.
 */
export function verifyLaunch(input: LaunchMeasureInput, measure: Uint8Array): void {
  checkLength(measure, 32, 'measure');
  if (isSameMac(launchMeasure(input), measure)) return;
  throw new MotteError('SEV_LAUNCH', { field: 'measure', expected: 'the MAC of what was to be launched' });
}

/** A secret for LAUNCH_SECRET, which the platform takes only together with the launch it was made for. */
export interface SecretInput {
  readonly tek: Uint8Array;
  readonly tik: Uint8Array;
  readonly iv: Uint8Array;
  readonly flags: number;
  readonly plain: Uint8Array;
  /** MEASURE of the launch. */
  readonly measure: Uint8Array;
}

/** Encrypts a secret and authenticates it together with the measurement. AMD 55766, 6.6. Throws SEV_INPUT. */
export function sealLaunchSecret(
  input: SecretInput,
  aesCtr: AesCtr,
): { cipher: Uint8Array; mac: Uint8Array } {
  const { tek, tik, iv, flags, plain, measure } = input;
  for (const field of ['tek', 'tik', 'iv'] as const) checkLength(input[field], KEY_BYTES, field);
  checkLength(measure, 32, 'measure');
  const cipher = aesCtr(tek, iv, plain);
  const head = Uint8Array.of(CONTEXT_SECRET);
  const mac = hmacSha256(tik, head, u32(flags), iv, u32(plain.length), u32(cipher.length), cipher, measure);
  return { cipher, mac };
}
