// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { readBytes, sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { checkIgvm } from './check.js';
import { crc32 } from './crc32.js';
import { dataNeed } from './data-size.js';
import {
  FIXED_HEADER_1,
  FIXED_HEADER_2,
  HEADER_ALIGN,
  HEADER_HEAD,
  IGVM_ARCHITECTURES,
  IGVM_MAGIC,
  OPTIONAL_BIT,
} from './fixed-header.js';
import { kindOf, layoutOf, SECTIONS } from './headers.js';
import type { IgvmFile, IgvmHeader, KnownHeader } from './headers.js';
import { PLATFORM_TYPES } from './structures.js';

/** Most bytes of variable headers: a million and a half pages. */
const MOST_HEADERS = 1 << 26;

const CHECKSUM_AT = FIXED_HEADER_1.offsetOf('checksum');

function bad(field: string, expected: string | number, found: string | number, offset: number): MotteError {
  return new MotteError('IGVM_FORMAT', { field, expected, found, offset });
}

/** The first `size` bytes, or all: a table says itself what it lacks. */
function beginning(file: ByteSource, size: number): Uint8Array {
  return readBytes(file, 0, Math.min(size, file.size));
}

/** The fixed header, checked, and how many bytes it has. */
function readFixed(file: ByteSource): { version: 1 | 2; size: number; architecture: 'x64' | 'aarch64' } {
  const head = FIXED_HEADER_1.read(beginning(file, FIXED_HEADER_1.size));
  const at = (name: Parameters<typeof FIXED_HEADER_1.offsetOf>[0]): number => FIXED_HEADER_1.offsetOf(name);
  if (head.magic !== IGVM_MAGIC)
    throw bad('magic', 'IGVM', `0x${head.magic.toString(16).padStart(8, '0')}`, at('magic'));
  const version = head.format_version;
  if (version !== 1 && version !== 2)
    throw new MotteError('IGVM_UNSUPPORTED', {
      field: 'format_version',
      expected: '1 or 2',
      found: version,
      offset: at('format_version'),
    });
  if (head.total_file_size !== file.size)
    throw bad(
      'total_file_size',
      `${file.size}, the size of the file`,
      head.total_file_size,
      at('total_file_size'),
    );
  if (version === 1) return { version, size: FIXED_HEADER_1.size, architecture: 'x64' };
  const { architecture, page_size: pageSize } = FIXED_HEADER_2.read(beginning(file, FIXED_HEADER_2.size));
  if (pageSize !== PAGE_SIZE)
    throw new MotteError('IGVM_UNSUPPORTED', {
      field: 'page_size',
      expected: PAGE_SIZE,
      found: pageSize,
      offset: FIXED_HEADER_2.offsetOf('page_size'),
    });
  if (architecture > IGVM_ARCHITECTURES.aarch64)
    throw bad('architecture', '0 or 1', architecture, FIXED_HEADER_2.offsetOf('architecture'));
  return {
    version,
    size: FIXED_HEADER_2.size,
    architecture: architecture === IGVM_ARCHITECTURES.x64 ? 'x64' : 'aarch64',
  };
}

/** The bytes of the variable headers, whose checksum is right, and where they begin. */
function readVariable(file: ByteSource, fixedSize: number): { bytes: Uint8Array; start: number } {
  const fixed = readBytes(file, 0, fixedSize);
  const { variable_header_offset: start, variable_header_size: size, checksum } = FIXED_HEADER_1.read(fixed);
  const offsetAt = FIXED_HEADER_1.offsetOf('variable_header_offset');
  if (start < fixedSize || start % HEADER_ALIGN !== 0 || start > file.size)
    throw bad('variable_header_offset', `a multiple of 8 from ${fixedSize} on`, start, offsetAt);
  const sizeAt = FIXED_HEADER_1.offsetOf('variable_header_size');
  if (size % HEADER_ALIGN !== 0 || start + size > file.size)
    throw bad('variable_header_size', `a multiple of 8 within ${file.size - start} bytes`, size, sizeAt);
  if (size > MOST_HEADERS || start > MOST_HEADERS)
    throw new MotteError('IGVM_TOO_LARGE', {
      field: 'variable_header_size',
      expected: MOST_HEADERS,
      found: Math.max(size, start),
      offset: sizeAt,
    });
  // No checksum covers what lies between, so nothing may.
  const gap = readBytes(file, fixedSize, start - fixedSize);
  const stray = gap.findIndex((byte) => byte !== 0);
  if (stray !== -1)
    throw bad('bytes before the variable headers', 'zero', gap[stray] ?? 0, fixedSize + stray);
  const bytes = readBytes(file, start, size);
  fixed.fill(0, CHECKSUM_AT, CHECKSUM_AT + 4);
  const expected = crc32(fixed, bytes);
  if (checksum !== expected)
    throw new MotteError('IGVM_CHECKSUM', {
      field: 'checksum',
      expected: `0x${expected.toString(16)}`,
      found: `0x${checksum.toString(16)}`,
      offset: CHECKSUM_AT,
    });
  return { bytes, start };
}

/** The part that a type belongs to, as its place among the parts; types of none may stand anywhere. */
function sectionOf(type: number): number {
  return Object.values(SECTIONS).findIndex(([from, to]) => type >= from && type <= to);
}

/** Where file data may begin, and which platform has vCPUs of its own kind. */
interface Walk {
  readonly file: ByteSource;
  readonly dataStart: number;
  vsmMask: number;
}

function dataOf(header: KnownHeader, { file, dataStart, vsmMask }: Walk): ByteSource | undefined {
  const need = dataNeed(header, vsmMask);
  if (need === undefined || !('file_offset' in header.values)) return undefined;
  const { kind, at, values } = header;
  const from = values.file_offset;
  const layout = layoutOf(kind);
  const where = at + layout.offsetOf('file_offset');
  if (from === 0 && need.zeros) return undefined;
  const counted = need.size === 'registers' ? 4 : need.size;
  const within = (size: number): void => {
    if (from < dataStart || from + size > file.size)
      throw bad(`${kind}.file_offset`, `${size} bytes from ${dataStart} to ${file.size}`, from, where);
  };
  within(counted);
  if (need.size !== 'registers') return sliceSource(file, from, need.size);
  const count = new DataView(readBytes(file, from, 4).buffer).getUint32(0, true);
  within(4 + 32 * count);
  return sliceSource(file, from, 4 + 32 * count);
}

function readHeader(type: number, bytes: Uint8Array, at: number, walk: Walk): IgvmHeader {
  const optional = (type & OPTIONAL_BIT) !== 0;
  const base = optional ? type - OPTIONAL_BIT : type;
  const kind = kindOf(base);
  const typeAt = at - HEADER_HEAD.size;
  const spelled = `0x${type.toString(16)}`;
  if (kind === undefined) {
    if (optional) return { kind: 'unknown', type, bytes: bytes.slice(), at };
    const expected = 'a type of igvm_defs 0.4, or one that may be passed over';
    throw new MotteError('IGVM_UNSUPPORTED', { field: 'type', expected, found: spelled, offset: typeAt });
  }
  if (optional) throw bad('type', `0x${base.toString(16)}: ${kind} may not be passed over`, spelled, typeAt);
  const layout = layoutOf(kind);
  if (bytes.length !== layout.size) throw bad(`${kind}: length`, layout.size, bytes.length, typeAt + 4);
  const values = layout.readStrict(bytes, 0, at);
  const header = { kind, values, at } as unknown as KnownHeader;
  if (header.kind === 'SUPPORTED_PLATFORM' && header.values.platform_type === PLATFORM_TYPES.vsm)
    walk.vsmMask |= header.values.compatibility_mask;
  const data = dataOf(header, walk);
  return data === undefined ? header : { ...header, data };
}

function readHeaders(bytes: Uint8Array, start: number, file: ByteSource): IgvmHeader[] {
  const out: IgvmHeader[] = [];
  const walk: Walk = { file, dataStart: start + bytes.length, vsmMask: 0 };
  let section = 0;
  for (let at = 0; at < bytes.length;) {
    const { type, length } = HEADER_HEAD.read(bytes, at);
    const from = at + HEADER_HEAD.size;
    const padded = Math.ceil(length / HEADER_ALIGN) * HEADER_ALIGN;
    if (from + padded > bytes.length)
      throw bad('length', `at most ${bytes.length - from}, with padding`, length, start + at + 4);
    const padding = bytes.subarray(from + length, from + padded);
    const stray = padding.findIndex((byte) => byte !== 0);
    if (stray !== -1) throw bad('padding', 'zero', padding[stray] ?? 0, start + from + length + stray);
    const own = sectionOf(type % OPTIONAL_BIT);
    if (own !== -1 && own < section)
      throw bad(
        'type',
        'platforms, initialization and directives in this order',
        `0x${type.toString(16)}`,
        start + at,
      );
    if (own !== -1) section = own;
    out.push(readHeader(type, bytes.subarray(from, from + length), start + from, walk));
    at = from + padded;
  }
  return out;
}

/**
 * Reads an IGVM file. `file` stays open as long as data of its headers is read. Throws IGVM_FORMAT, IGVM_CHECKSUM,
 * IGVM_UNSUPPORTED, IGVM_TOO_LARGE, STRUCT_RESERVED, STRUCT_TRUNCATED.
 */
export function readIgvm(file: ByteSource): IgvmFile {
  const { version, size, architecture } = readFixed(file);
  const { bytes, start } = readVariable(file, size);
  return checkIgvm({ version, architecture, headers: readHeaders(bytes, start, file) });
}
