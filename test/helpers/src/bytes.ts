// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';

/** Throws, naming the first offset that differs and 16 bytes on either side of it, unless `actual` is `expected`. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array, what = 'bytes'): void {
  const shorter = Math.min(actual.length, expected.length);
  let at = 0;
  while (at < shorter && actual[at] === expected[at]) at++;
  if (at === shorter && actual.length === expected.length) return;
  const around = (bytes: Uint8Array): string =>
    `${toHex(bytes.subarray(Math.max(0, at - 16), at))}|${toHex(bytes.subarray(at, at + 16))}`;
  throw new Error(
    `${what} differ at 0x${at.toString(16)}: lengths ${actual.length} and ${expected.length}; ` +
      `actual ${around(actual)}, expected ${around(expected)}`,
  );
}
