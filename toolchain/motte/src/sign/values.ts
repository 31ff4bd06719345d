// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { fromHex } from '@motte/binary/hex';
import { needed } from '../grammar/needed.js';
import type { OptionName } from '../grammar/options.js';
import { readSmall } from '../io/file.js';

/** What an option spells in hex: `length` bytes, or of any number. Throws USAGE_VALUE, HEX_INVALID. */
export function hexOption(value: string | undefined, name: OptionName, length?: number): Uint8Array {
  return fromHex(needed(value, name), `--${name}`, length);
}

/** An unsigned number of `bits` bits, decimal or 0x. Throws USAGE_VALUE. */
export function numberOption(value: string | undefined, name: OptionName, bits: number): bigint {
  const given = needed(value, name);
  const number = /^(0x[0-9a-f]{1,16}|\d{1,20})$/iu.test(given) ? BigInt(given) : undefined;
  if (number !== undefined && number >> BigInt(bits) === 0n) return number;
  const expected = `a number of ${bits} bits, decimal or 0x`;
  throw new MotteError('USAGE_VALUE', { field: `--${name}`, expected, found: given });
}

/** What files hold that QEMU, libvirt and sevctl pass around as text. */
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/u;

/** The bytes of a file, or those that it spells in base64: whichever are `length`; else the file's. */
export function readBinary(path: string, length: number): Uint8Array {
  const bytes = readSmall(path);
  if (bytes.length === length) return bytes;
  const text = new TextDecoder('latin1').decode(bytes);
  const decoded = BASE64.test(text) ? new Uint8Array(Buffer.from(text, 'base64')) : bytes;
  return decoded.length === length ? decoded : bytes;
}
