// SPDX-License-Identifier: Apache-2.0

/** Whole groups of three bytes, and few enough arguments for one call. */
const STEP = 3 * 4096;

/** Base64 of `bytes`, padded. */
export function toBase64(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; at += STEP) {
    out += btoa(String.fromCharCode(...bytes.subarray(at, at + STEP)));
  }
  return out;
}

/** The bytes that `text` spells, or `undefined` unless it is exactly what `toBase64` writes for them. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/u.test(text) || text.length % 4 !== 0) return undefined;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return toBase64(bytes) === text ? bytes : undefined;
}
