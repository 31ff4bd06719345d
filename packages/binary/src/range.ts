// SPDX-License-Identifier: Apache-2.0
import { MotteError } from './error.js';

/** Bytes of a page in every TEE that Motte knows. */
export const PAGE_SIZE = 4096;

const U64_END = 1n << 64n;

/** `value` as a length or index. Throws NUMBER_UNSAFE for what a double cannot hold exactly, or a negative. */
export function toSafeNumber(value: bigint, field: string, offset?: number | bigint): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new MotteError('NUMBER_UNSAFE', {
      field,
      expected: 'at most 0x1fffffffffffff',
      found: value,
      ...(offset === undefined ? {} : { offset }),
    });
  }
  return Number(value);
}

/** Checks that [start, start + length) lies within [0, end). Throws RANGE_OVERFLOW. */
export function checkRange(
  start: bigint,
  length: bigint,
  end: bigint,
  field: string,
  offset?: number | bigint,
): void {
  if (start < 0n || length < 0n || start + length > end) {
    throw new MotteError('RANGE_OVERFLOW', {
      field,
      expected: `a range within 0x${end.toString(16)}`,
      found: `0x${start.toString(16)} + 0x${length.toString(16)}`,
      ...(offset === undefined ? {} : { offset }),
    });
  }
}

/** `value` rounded down to a multiple of `unit`, a power of two. */
export function alignDown(value: bigint, unit: bigint): bigint {
  return value & ~(unit - 1n);
}

/** `value` rounded up to a multiple of `unit`, a power of two. Throws RANGE_OVERFLOW past 2^64. */
export function alignUp(value: bigint, unit: bigint): bigint {
  const up = (value + unit - 1n) & ~(unit - 1n);
  if (up >= U64_END) throw new MotteError('RANGE_OVERFLOW', { expected: 'less than 2^64', found: up });
  return up;
}

/** Number of pages that `bytes` bytes touch when they start on a page boundary. */
export function pagesFor(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE);
}

/** The least power of two that is at least `value` (and at least 1). */
export function nextPowerOfTwo(value: bigint): bigint {
  return value <= 1n ? 1n : 1n << BigInt((value - 1n).toString(2).length);
}
