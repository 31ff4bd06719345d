// SPDX-License-Identifier: Apache-2.0
// Bytes as strace quotes them.
import type { Kind, Scene } from './kind.js';
import { argOf, pointer, succeeded } from './kind.js';
import type { ReadMemory } from '../memory.js';

/** Most bytes of a buffer that are shown. */
const SHOWN = 32;
const PATH_MAX = 4096;
const PAGE = 4096n;

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
]);

/** In double quotes; what cannot be printed in octal, as short as what follows allows. */
export function quoted(bytes: Uint8Array): string {
  let out = '"';
  bytes.forEach((byte, i) => {
    const escape = ESCAPES.get(byte);
    if (escape !== undefined) out += escape;
    else if (byte >= 0x20 && byte < 0x7f) out += String.fromCharCode(byte);
    else {
      const next = bytes[i + 1] ?? 0;
      const digits = byte.toString(8);
      out += `\\${next >= 0x30 && next <= 0x39 ? digits.padStart(3, '0') : digits}`;
    }
  });
  return `${out}"`;
}

/** The first bytes of a buffer, with dots where there are more. */
export async function buffer(memory: ReadMemory, address: bigint, length: bigint): Promise<string> {
  if (address === 0n) return 'NULL';
  const wanted = Number(length < SHOWN ? length : SHOWN);
  const bytes = await memory(address, wanted);
  if (bytes.length < wanted) return pointer(address);
  return `${quoted(bytes)}${length > SHOWN ? '...' : ''}`;
}

/** The bytes up to the first zero, at most `most`; undefined where there is no such text. Reads a page at a time. */
export async function cString(
  memory: ReadMemory,
  address: bigint,
  most: number,
): Promise<Uint8Array | undefined> {
  let text = new Uint8Array(0);
  while (text.length < most) {
    const at = address + BigInt(text.length);
    const part = await memory(at, Math.min(most - text.length, Number(PAGE - (at % PAGE))));
    if (part.length === 0) return undefined;
    const end = part.indexOf(0);
    text = Uint8Array.from([...text, ...(end < 0 ? part : part.subarray(0, end))]);
    if (end >= 0) return text;
  }
  return text;
}

/** A path, whole. */
export const PATH: Kind = {
  async show(value, { memory }) {
    if (value === 0n) return 'NULL';
    const text = await cString(memory, value, PATH_MAX);
    if (text === undefined) return pointer(value);
    return `${quoted(text)}${text.length === PATH_MAX ? '...' : ''}`;
  },
};

/** What the call is given: as many bytes as the argument `length` says. */
export function bytesIn(length: number): Kind {
  return { show: (value, scene) => buffer(scene.memory, value, argOf(scene, length)) };
}

/** What the call filled in: as many bytes as its result says. */
export const BYTES_OUT: Kind = {
  out: true,
  show: (value, scene) =>
    succeeded(scene) ? buffer(scene.memory, value, scene.result ?? 0n) : pointer(value),
};

/** Random bytes, which strace shows in hexadecimal. */
export const RANDOM_OUT: Kind = {
  out: true,
  async show(value, scene) {
    if (!succeeded(scene)) return pointer(value);
    const length = Number(scene.result);
    const bytes = await scene.memory(value, Math.min(length, SHOWN));
    const text = [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
    return `"${text}"${length > SHOWN ? '...' : ''}`;
  },
};

/** Most entries of argv that are shown. */
const WORDS = 32;

async function words(address: bigint, { memory }: Scene): Promise<string[] | undefined> {
  const out: string[] = [];
  for (let i = 0; i < WORDS; i++) {
    const bytes = await memory(address + BigInt(8 * i), 8);
    if (bytes.length < 8) return undefined;
    const at = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
    if (at === 0n) return out;
    const text = await cString(memory, at, PATH_MAX);
    out.push(
      text === undefined
        ? pointer(at)
        : `${quoted(text.subarray(0, SHOWN))}${text.length > SHOWN ? '...' : ''}`,
    );
  }
  return [...out, '...'];
}

/** argv of execve. */
export const WORDS_IN: Kind = {
  async show(value, scene) {
    const list = await words(value, scene);
    return list === undefined ? pointer(value) : `[${list.join(', ')}]`;
  },
};

/** Its environment, of which strace counts the variables. */
export const VARIABLES_IN: Kind = {
  async show(value, scene) {
    const list = value === 0n ? undefined : await words(value, scene);
    if (list === undefined) return pointer(value);
    return `${pointer(value)} /* ${list.length} var${list.length === 1 ? '' : 's'} */`;
  },
};
