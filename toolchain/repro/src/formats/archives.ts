// SPDX-License-Identifier: Apache-2.0
// Archives as lists of members: ar (Debian's deb(5)), POSIX ustar, ZIP (APPNOTE 6.3, central directory).
import { inflateRawSync } from 'node:zlib';

/** A member, as far as two archives can differ in it. */
export interface Member {
  readonly name: string;
  /** What the header says of it. */
  readonly fields: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
  /** Of its header. */
  readonly offset: number;
}

/** Most bytes that a member of a ZIP is unpacked to. */
const MOST = 1 << 28;

const text = (bytes: Uint8Array, from: number, size: number): string =>
  Buffer.from(bytes.subarray(from, from + size))
    .toString('latin1')
    .replace(/\0.*$/s, '')
    .trim();

function ar(bytes: Uint8Array): Member[] | undefined {
  if (text(bytes, 0, 8) !== '!<arch>') return undefined;
  const out: Member[] = [];
  for (let at = 8; at + 60 <= bytes.length;) {
    const size = Number(text(bytes, at + 48, 10));
    if (!Number.isSafeInteger(size) || at + 60 + size > bytes.length) return undefined;
    out.push({
      name: text(bytes, at, 16).replace(/(.)\/$/, '$1'),
      fields: {
        mtime: text(bytes, at + 16, 12),
        uid: text(bytes, at + 28, 6),
        gid: text(bytes, at + 34, 6),
        mode: text(bytes, at + 40, 8),
      },
      data: bytes.subarray(at + 60, at + 60 + size),
      offset: at,
    });
    at += 60 + size + (size % 2);
  }
  return out;
}

function tar(bytes: Uint8Array): Member[] | undefined {
  if (bytes.length < 512 || !text(bytes, 257, 6).startsWith('ustar')) return undefined;
  const out: Member[] = [];
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const size = Number.parseInt(text(bytes, at + 124, 12), 8);
    if (!Number.isSafeInteger(size) || at + 512 + size > bytes.length) return undefined;
    out.push({
      name: [text(bytes, at + 345, 155), text(bytes, at, 100)].filter((part) => part !== '').join('/'),
      fields: {
        mtime: text(bytes, at + 136, 12),
        uid: text(bytes, at + 108, 8),
        gid: text(bytes, at + 116, 8),
        uname: text(bytes, at + 265, 32),
        gname: text(bytes, at + 297, 32),
        mode: text(bytes, at + 100, 8),
      },
      data: bytes.subarray(at + 512, at + 512 + size),
      offset: at,
    });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return out;
}

function unpacked(
  view: DataView,
  bytes: Uint8Array,
  local: number,
  method: number,
  size: number,
): Uint8Array {
  const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const packed = bytes.subarray(from, from + size);
  return method === 8 ? inflateRawSync(packed, { maxOutputLength: MOST }) : packed;
}

function zip(bytes: Uint8Array): Member[] | undefined {
  if (bytes.length < 22 || bytes[0] !== 0x50 || bytes[1] !== 0x4b) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) return undefined;
  const out: Member[] = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (view.getUint32(at, true) !== 0x02014b50) return undefined;
    const [nameSize, extraSize, noteSize] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const offset = view.getUint32(at + 42, true);
    out.push({
      name: text(bytes, at + 46, nameSize),
      fields: {
        mtime: view.getUint32(at + 12, true).toString(16),
        mode: (view.getUint32(at + 38, true) >>> 16).toString(8),
      },
      data: unpacked(view, bytes, offset, view.getUint16(at + 10, true), view.getUint32(at + 20, true)),
      offset: at,
    });
    at += 46 + nameSize + extraSize + noteSize;
  }
  return out;
}

/** The members of an archive; undefined when the bytes are none that we read, or a damaged one. */
export function membersOf(bytes: Uint8Array): Member[] | undefined {
  try {
    return ar(bytes) ?? tar(bytes) ?? zip(bytes);
  } catch {
    return undefined; // an offset that points outside: no archive after all
  }
}
