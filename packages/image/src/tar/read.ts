// SPDX-License-Identifier: Apache-2.0
// An archive is read in place: the result is where each file's bytes lie. Nothing is unpacked, no name is used as a path.
import { MotteError } from '@motte/binary/error';
import type { LayoutValues } from '@motte/binary/layout';
import { readBytes, sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { FOLDER_NAMES, MOST_FILES, checkFileName, fileMap, quoted } from '../container/names.js';
import type { FileMap } from '../container/names.js';
import { TAR_BLOCK, TAR_FILE, TAR_FOLDER, USTAR, USTAR_MAGIC, USTAR_VERSION, tarChecksum } from './header.js';
import type { USTAR_FIELDS } from './header.js';

type Header = LayoutValues<typeof USTAR_FIELDS>;

/** Most bytes after the last file: tar programs fill records of 20 blocks. */
const MOST_END = 20 * TAR_BLOCK + TAR_BLOCK;

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** An error about the header or the data at `offset`. */
function fault(offset: number, field: string, expected: string, found: string | number): MotteError {
  return new MotteError('IMAGE_TAR', { field, expected, found, offset });
}

/** A text up to its NUL; what follows must be NUL too, or the field would hide something. */
function textOf(
  header: Header,
  name: 'name' | 'linkname' | 'uname' | 'gname' | 'prefix',
  at: number,
): string {
  const all = latin1(header[name]);
  const text = all.replace(/\0+$/, '');
  if (text.includes('\0'))
    throw fault(at + USTAR.offsetOf(name), name, 'NULs after the text alone', quoted(text));
  return text;
}

type NumberName = 'mode' | 'uid' | 'gid' | 'size' | 'mtime' | 'chksum' | 'devmajor' | 'devminor';

/** A number: octal digits in the whole field, then its terminator. No signs, no spaces before, no base 256. */
function numberOf(header: Header, name: NumberName, at: number): number {
  const text = latin1(header[name]);
  const shape = name === 'chksum' ? /^([0-7]{6})\0 $/ : /^([0-7]+)[\0 ]$/;
  const [, digits] = shape.exec(text) ?? [];
  if (digits !== undefined) return Number.parseInt(digits, 8);
  // Numbers of devices are left empty by some programs.
  if (name.startsWith('dev') && /^\0+$/.test(text)) return 0;
  throw fault(
    at + USTAR.offsetOf(name),
    name,
    `${header[name].length - 1} octal digits and a NUL`,
    JSON.stringify(text),
  );
}

function checkMagic(header: Header, at: number): void {
  const found = latin1(header.magic) + latin1(header.version);
  if (found === USTAR_MAGIC + USTAR_VERSION) return;
  const expected = JSON.stringify(USTAR_MAGIC + USTAR_VERSION);
  throw fault(at + USTAR.offsetOf('magic'), 'magic', expected, JSON.stringify(found));
}

interface Entry {
  readonly name: string;
  readonly folder: boolean;
  readonly size: number;
}

/** What a header says, every field of it checked. Throws IMAGE_TAR. */
function entryOf(bytes: Uint8Array, at: number): Entry {
  const header = USTAR.read(bytes);
  checkMagic(header, at);
  const sum = numberOf(header, 'chksum', at);
  if (sum !== tarChecksum(bytes))
    throw fault(
      at + USTAR.offsetOf('chksum'),
      'chksum',
      `0${tarChecksum(bytes).toString(8)}`,
      `0${sum.toString(8)}`,
    );
  const { typeflag } = header;
  if (typeflag !== TAR_FILE && typeflag !== TAR_FOLDER) {
    const found = JSON.stringify(String.fromCharCode(typeflag));
    throw fault(at + USTAR.offsetOf('typeflag'), 'typeflag', '"0", a file, or "5", a folder', found);
  }
  for (const name of ['linkname', 'prefix'] as const) {
    const text = textOf(header, name, at);
    if (text !== '') throw fault(at + USTAR.offsetOf(name), name, 'nothing', quoted(text));
  }
  // Owners, modes and times mean nothing here and may be what any tar program writes.
  for (const name of ['uname', 'gname'] as const) textOf(header, name, at);
  for (const name of ['mode', 'uid', 'gid', 'mtime', 'devmajor', 'devminor'] as const)
    numberOf(header, name, at);
  const [reserved] = USTAR.nonZeroReserved(bytes);
  if (reserved !== undefined)
    throw fault(at + USTAR.offsetOf('reserved_1f4'), reserved, 'zeros', 'something else');
  return {
    name: textOf(header, 'name', at),
    folder: typeflag === TAR_FOLDER,
    size: numberOf(header, 'size', at),
  };
}

function checkZeros(source: ByteSource, from: number, to: number, what: string): void {
  const bad = readBytes(source, from, to - from).findIndex((byte) => byte !== 0);
  if (bad >= 0) throw fault(from + bad, what, 'zeros', 'other bytes');
}

function checkEnd(source: ByteSource, at: number): void {
  const left = source.size - at;
  if (left < 2 * TAR_BLOCK || left > MOST_END || left % TAR_BLOCK !== 0)
    throw fault(at, 'end of the archive', `two blocks of zeros, at most ${MOST_END} bytes`, left);
  checkZeros(source, at, source.size, 'end of the archive');
}

/** Where the contents that follow a header at `at` end, padding included. Throws IMAGE_TAR. */
function endOf(source: ByteSource, at: number, { name, size }: Entry): number {
  const from = at + TAR_BLOCK;
  const end = from + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  if (end > source.size)
    throw fault(at + USTAR.offsetOf('size'), `size of ${name}`, `at most ${source.size - from}`, size);
  checkZeros(source, from + size, end, `padding of ${name}`);
  return end;
}

/** Whether `head`, the first block of a file, begins a ustar archive. */
export function looksLikeTar(head: Uint8Array): boolean {
  const at = USTAR.offsetOf('magic');
  return head.length >= TAR_BLOCK && latin1(head.subarray(at, at + 5)) === 'ustar';
}

/** The files of an archive, each a range of `source`. Throws IMAGE_TAR, IMAGE_LAYOUT, IMAGE_DIGEST_ALGORITHM, IMAGE_LIMIT. */
export function readTar(source: ByteSource): FileMap {
  const files: (readonly [string, ByteSource])[] = [];
  const folders = new Set<string>();
  let at = 0;
  for (;;) {
    if (at + TAR_BLOCK > source.size)
      throw fault(at, 'end of the archive', 'two blocks of zeros', 'the end of the file');
    const block = readBytes(source, at, TAR_BLOCK);
    if (block.every((byte) => byte === 0)) break;
    const entry = entryOf(block, at);
    // First, because errors about its contents have its name.
    if (!entry.folder) checkFileName(entry.name, at);
    const end = endOf(source, at, entry);
    if (entry.folder) {
      if (!FOLDER_NAMES.includes(entry.name) || entry.size !== 0 || folders.has(entry.name))
        throw new MotteError('IMAGE_LAYOUT', {
          field: quoted(entry.name),
          expected: 'blobs/ or blobs/sha256/, once',
          offset: at,
        });
      folders.add(entry.name);
    } else {
      files.push([entry.name, sliceSource(source, at + TAR_BLOCK, entry.size)]);
    }
    if (files.length > MOST_FILES)
      throw new MotteError('IMAGE_LIMIT', { field: 'files', expected: `at most ${MOST_FILES}`, offset: at });
    at = end;
  }
  checkEnd(source, at);
  return fileMap(files);
}
