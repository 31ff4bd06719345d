// SPDX-License-Identifier: Apache-2.0

/** Where two arrays first differ; the shorter one's length when it is the beginning of the other; -1 when equal. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) if (a[at] !== b[at]) return at;
  return a.length === b.length ? -1 : shorter;
}

const printable = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x20 && byte < 0x7f;

/** Most characters that are shown to either side. */
const AROUND = 120;

/** The text around an offset, as far as it is printable; hex where it is not. */
export function excerpt(bytes: Uint8Array, at: number): string {
  if (at >= bytes.length) return '(the end)';
  let from = at;
  let to = at;
  while (from > 0 && at - from < AROUND && printable(bytes[from - 1])) from--;
  while (to - at < AROUND && printable(bytes[to])) to++;
  if (to - from >= 4) return Buffer.from(bytes.subarray(from, to)).toString('latin1');
  return Buffer.from(bytes.subarray(at, at + 16)).toString('hex');
}

/** The bytes as text, unless they are no UTF-8 or have a NUL. */
export function asText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
