// SPDX-License-Identifier: Apache-2.0
import { fromHex, toHex } from '@motte/binary/hex';

/** Lengths of a GUID's groups; the first three are little-endian. UEFI 2.10, appendix A. */
const GROUPS = [4, 2, 2, 2, 6] as const;

/** The 16 bytes of a GUID in its usual spelling. */
export function guidBytes(text: string): Uint8Array {
  const parts = text.split('-').map((group, i) => {
    const bytes = fromHex(group, 'GUID', GROUPS[i]);
    return i < 3 ? bytes.toReversed() : bytes;
  });
  const out = new Uint8Array(16);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The usual spelling of 16 bytes. */
export function guidText(bytes: Uint8Array): string {
  let at = 0;
  return GROUPS.map((length, i) => {
    const part = bytes.subarray(at, at + length);
    at += length;
    return toHex(i < 3 ? part.toReversed() : part);
  }).join('-');
}
