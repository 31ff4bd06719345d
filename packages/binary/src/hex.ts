// SPDX-License-Identifier: Apache-2.0
import { MotteError } from './error.js';

const DIGITS: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Lower-case hex of `bytes`, two digits a byte, no prefix. */
export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += DIGITS[byte];
  return out;
}

/**
 * The bytes that `hex` spells. `length`, if given, is the number of bytes expected.
 * Throws HEX_INVALID, naming `field`. The caller owns the result.
 */
export function fromHex(hex: string, field = 'hex', length?: number): Uint8Array {
  if (length !== undefined && hex.length !== 2 * length) {
    throw new MotteError('HEX_INVALID', { field, expected: `${2 * length} hex digits`, found: hex.length });
  }
  const bad = hex.search(/[^0-9a-fA-F]/);
  if (bad >= 0) {
    const found = JSON.stringify(hex[bad]);
    throw new MotteError('HEX_INVALID', { field, expected: 'hex digits only', found, offset: bad });
  }
  if (hex.length % 2 !== 0) {
    throw new MotteError('HEX_INVALID', {
      field,
      expected: 'two digits a byte',
      found: `${hex.length} digits`,
    });
  }
  const out = new Uint8Array(hex.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return out;
}

/** A 64-bit value as `0x` and lower-case hex digits. */
export function hex64(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
