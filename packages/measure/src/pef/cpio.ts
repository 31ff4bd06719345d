// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';

/** A file or directory of an archive. */
export interface CpioEntry {
  readonly name: string;
  readonly mode: number;
  /** Empty for a directory. */
  readonly content: Uint8Array;
}

/** Entries in order, and where the archive ends with its padding: there the initrd starts. */
export interface CpioArchive {
  readonly entries: readonly CpioEntry[];
  readonly end: number;
}

/**
 * Members of a newc header: 6 letters of magic, then these as 8 hex digits each. Linux,
 * Documentation/driver-api/early-userspace/buffer-format.rst.
 */
const FIELDS = [
  'ino',
  'mode',
  'uid',
  'gid',
  'nlink',
  'mtime',
  'filesize',
  'devmajor',
  'devminor',
  'rdevmajor',
  'rdevminor',
  'namesize',
  'check',
] as const;
type Field = (typeof FIELDS)[number];

const MAGIC = '070701';
const HEADER_BYTES = MAGIC.length + 8 * FIELDS.length;
const TRAILER = 'TRAILER!!!';
const MAX_NAME = 4096;
/** svm-tool pads the archive like cpio does, whose blocks have 512 bytes. */
const BLOCK = 512;
/** Where the kernel looks for the blob. */
export const ESM_FOLDER = 'opt/ibm/pef';

const DIRECTORY = 0o040755;
const FILE = 0o100600;

function bad(field: string, expected: string, found: string | number, offset: number): MotteError {
  return new MotteError('CPIO', { field, expected, found, offset });
}

function align(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

function readHeader(archive: Uint8Array, at: number): Readonly<Record<Field, number>> {
  if (HEADER_BYTES > archive.length - at)
    throw bad('header', `${HEADER_BYTES} bytes`, archive.length - at, at);
  const head = new TextDecoder('latin1').decode(archive.subarray(at, at + HEADER_BYTES));
  if (!head.startsWith(MAGIC)) throw bad('magic', MAGIC, JSON.stringify(head.slice(0, MAGIC.length)), at);
  const values = FIELDS.map((name, i) => {
    const from = MAGIC.length + 8 * i;
    const digits = head.slice(from, from + 8);
    if (!/^[0-9a-f]{8}$/iu.test(digits)) throw bad(name, '8 hex digits', JSON.stringify(digits), at + from);
    const value = Number.parseInt(digits, 16);
    // Only archives of the other magic, 070702, have a checksum.
    if (name === 'check' && value !== 0) throw bad(name, 'zero', value, at + from);
    return [name, value];
  });
  return Object.fromEntries(values) as Record<Field, number>;
}

function zeros(archive: Uint8Array, from: number, to: number, field: string): void {
  const index = archive.subarray(from, to).findIndex((byte) => byte !== 0);
  if (index >= 0) throw bad(field, 'zeros', archive[from + index] ?? 0, from + index);
  if (to > archive.length) throw bad(field, `${to - from} bytes`, archive.length - from, from);
}

/** Reads the archive at the start of `archive`; what follows it is not looked at. Contents are views. Throws CPIO. */
export function readCpio(archive: Uint8Array): CpioArchive {
  const entries: CpioEntry[] = [];
  // Every turn consumes a header, so that records without name or contents cannot stop the loop.
  for (let at = 0; ;) {
    const { namesize, filesize, mode } = readHeader(archive, at);
    const nameAt = at + HEADER_BYTES;
    if (namesize < 2 || namesize > MAX_NAME) throw bad('namesize', `2 to ${MAX_NAME}`, namesize, at);
    const contentAt = align(nameAt + namesize, 4);
    zeros(archive, nameAt + namesize - 1, contentAt, 'end of the name');
    const name = new TextDecoder('latin1').decode(archive.subarray(nameAt, nameAt + namesize - 1));
    if (name.includes('\0')) throw bad('name', 'no NUL within', JSON.stringify(name.slice(0, 40)), nameAt);
    if (filesize > archive.length - contentAt)
      throw bad('filesize', `at most ${archive.length - contentAt}`, filesize, at);
    const next = align(contentAt + filesize, 4);
    if (name === TRAILER) {
      if (filesize !== 0) throw bad('filesize', 'none of the trailer', filesize, at);
      const end = Math.min(align(next, BLOCK), archive.length);
      zeros(archive, next, end, 'padding');
      return { entries, end };
    }
    zeros(archive, contentAt + filesize, next, 'padding of the content');
    entries.push({ name, mode, content: archive.subarray(contentAt, contentAt + filesize) });
    at = next;
  }
}

function record(values: Partial<Record<Field, number>>, name: string, content: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(`${name}\0`);
  const all = { nlink: 1, ...values, filesize: content.length, namesize: text.length };
  const head =
    MAGIC + FIELDS.map((field) => hex8((all as Partial<Record<Field, number>>)[field] ?? 0)).join('');
  const contentAt = align(HEADER_BYTES + text.length, 4);
  const out = new Uint8Array(align(contentAt + content.length, 4));
  out.set(new TextEncoder().encode(head));
  out.set(text, HEADER_BYTES);
  out.set(content, contentAt);
  return out;
}

function hex8(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}

/**
 * `initrd` with an ESM blob in front of it, called `name`, where the kernel looks for one. The same input gives
 * the same bytes: no time, no owner and no inode of the machine is in it. The caller owns it. Throws CPIO.
 */
export function carryBlob(blob: Uint8Array, initrd: Uint8Array, name: string): Uint8Array {
  if (!/^[0-9A-Za-z][0-9A-Za-z._+-]{0,200}$/u.test(name)) throw bad('name', 'a plain file name', name, 0);
  const nothing = new Uint8Array(0);
  const folders = ['.', 'opt', 'opt/ibm', ESM_FOLDER];
  const parts = [
    ...folders.map((folder, i) => record({ ino: i + 1, mode: DIRECTORY, nlink: 2 }, folder, nothing)),
    record({ ino: folders.length + 1, mode: FILE }, `${ESM_FOLDER}/${name}`, blob),
    record({}, TRAILER, nothing),
  ];
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const out = new Uint8Array(align(size, BLOCK) + initrd.length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  out.set(initrd, align(size, BLOCK));
  return out;
}

/** The ESM blob that an initrd carries, its name, and where the initrd proper starts. Throws CPIO. */
export function carriedBlob(initrd: Uint8Array): { name: string; blob: Uint8Array; end: number } {
  const { entries, end } = readCpio(initrd);
  const found = entries.filter(
    ({ name, mode }) => name.startsWith(`${ESM_FOLDER}/`) && (mode & 0o170000) === 0o100000,
  );
  const [entry] = found;
  if (entry === undefined || found.length > 1) throw bad(`${ESM_FOLDER}/`, 'one file', `${found.length}`, 0);
  return { name: entry.name.slice(ESM_FOLDER.length + 1), blob: entry.content, end };
}
