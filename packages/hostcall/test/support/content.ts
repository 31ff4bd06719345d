// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';

/** Bytes at an offset. */
export interface Patch {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Content as both sides can make it: the stream of a seed, patched. */
export interface Content {
  readonly seed: number;
  readonly patches: readonly Patch[];
}

/** The first `size` bytes of a content. */
export function bytesOf(content: Content, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let x = content.seed >>> 0;
  for (let i = 0; i < size; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    out[i] = x >>> 24;
  }
  for (const patch of content.patches) {
    if (patch.at < size) out.set(patch.bytes.subarray(0, size - patch.at), patch.at);
  }
  return out;
}

export const HASH_START = 0x811c9dc5;

/** FNV-1a of 32 bits, as the harness computes it. */
export function hash(bytes: Uint8Array, start: number = HASH_START): number {
  let h = start;
  for (const byte of bytes) h = Math.imul(h ^ byte, 16777619) >>> 0;
  return h;
}

/** The number as `size` bytes, little-endian, two's complement. */
export function littleEndian(value: bigint, size: number): Uint8Array {
  const unsigned = BigInt.asUintN(8 * size, value);
  return Uint8Array.from({ length: size }, (_, i) => Number((unsigned >> BigInt(8 * i)) & 0xffn));
}

/** The number in `size` bytes at `at`. */
export function numberAt(bytes: Uint8Array, at: number, size: number, signed: boolean): bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return signed ? BigInt.asIntN(8 * size, value) : value;
}

export function hex(value: number | bigint): string {
  return value.toString(16);
}

/** `AT BYTES`, as the harness reads it. */
export function patchToken(patch: Patch): string {
  return `${hex(patch.at)} ${toHex(patch.bytes)}`;
}

/** `N`, then N times `AT BYTES`. */
export function patchTokens(patches: readonly Patch[]): string {
  return [hex(patches.length), ...patches.map(patchToken)].join(' ');
}
