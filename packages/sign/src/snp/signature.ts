// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { P384_BYTES } from './id-block.js';
import type { P384Pair } from './id-block.js';

const SEQUENCE = 0x30;
const INTEGER = 0x02;

function bad(expected: string, found: string | number, offset: number): MotteError {
  return new MotteError('SNP_ID', { field: 'signature', expected, found, offset });
}

/** Reads one INTEGER of at most 48 bytes, positive and minimal as DER wants it, and where it ends. */
function readInteger(bytes: Uint8Array, at: number): [value: Uint8Array, end: number] {
  const [tag = 0, length = 0] = bytes.subarray(at, at + 2);
  if (tag !== INTEGER) throw bad('an INTEGER (tag 0x02)', `tag 0x${tag.toString(16)}`, at);
  const end = at + 2 + length;
  const content = bytes.subarray(at + 2, end);
  if (length === 0 || length > P384_BYTES + 1 || content.length !== length)
    throw bad(`1 to ${P384_BYTES + 1} bytes`, length, at + 1);
  const [first = 0, second = 0] = content;
  if ((first & 0x80) !== 0) throw bad('a positive INTEGER', 'a negative one', at + 2);
  if (first === 0 && length > 1 && (second & 0x80) === 0)
    throw bad('no needless zero in front', 'one', at + 2);
  const digits = first === 0 ? content.subarray(1) : content;
  if (digits.length > P384_BYTES) throw bad(`at most ${P384_BYTES} bytes`, digits.length, at + 1);
  const value = new Uint8Array(P384_BYTES);
  value.set(digits, P384_BYTES - digits.length);
  return [value, end];
}

/**
 * A P-384 signature as tools write it: r || s (PKCS #11), or DER (OpenSSL), strictly. The length alone decides: 96
 * bytes are r || s, whatever they begin with, and all else is DER. The DER of numbers with some six zeros in front has
 * 96 bytes too, once in 2^48 signatures; it does not verify then, and has to be given as r || s. The caller owns the
 * result. Throws SNP_ID.
 */
export function readP384Signature(bytes: Uint8Array): P384Pair {
  if (bytes.length === 2 * P384_BYTES) return new Uint8Array(bytes);
  const [tag = 0, length = 0] = bytes;
  if (tag !== SEQUENCE || length !== bytes.length - 2)
    throw bad(`${2 * P384_BYTES} bytes r || s, or a DER SEQUENCE of two numbers`, `${bytes.length} bytes`, 0);
  const [r, middle] = readInteger(bytes, 2);
  const [s, end] = readInteger(bytes, middle);
  if (end !== bytes.length)
    throw bad('two numbers and nothing more', `${bytes.length - end} bytes more`, end);
  return new Uint8Array([...r, ...s]);
}
