// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { Field, LayoutValues } from '@motte/binary/layout';
import type { ByteSource } from '@motte/binary/source';
import { checkIgvm } from './check.js';
import { crc32 } from './crc32.js';
import {
  FIXED_HEADER_1,
  FIXED_HEADER_2,
  HEADER_ALIGN,
  HEADER_HEAD,
  IGVM_ARCHITECTURES,
  IGVM_MAGIC,
} from './fixed-header.js';
import { HEADERS, layoutOf } from './headers.js';
import type { IgvmFile, IgvmHeader } from './headers.js';

/** Bytes of data that are read at once. */
const WINDOW = 1 << 16;

/** The file's own fields for its size have 32 bits. */
const MOST = 0xffff_ffff;

const alignedSize = (size: number): number => Math.ceil(size / HEADER_ALIGN) * HEADER_ALIGN;

function contentSize(header: IgvmHeader): number {
  return header.kind === 'unknown' ? header.bytes.length : HEADERS[header.kind].layout.size;
}

function headerBytes(header: IgvmHeader, fileOffset: number | undefined): Uint8Array {
  const size = contentSize(header);
  const out = new Uint8Array(HEADER_HEAD.size + alignedSize(size));
  const type = header.kind === 'unknown' ? header.type : HEADERS[header.kind].type;
  out.set(HEADER_HEAD.write({ type, length: size }));
  if (header.kind === 'unknown') {
    out.set(header.bytes, HEADER_HEAD.size);
    return out;
  }
  const layout = layoutOf(header.kind);
  const values: LayoutValues<readonly Field[]> = { ...header.values };
  if (fileOffset !== undefined) values['file_offset'] = fileOffset;
  out.set(layout.write(values), HEADER_HEAD.size);
  return out;
}

function fixedHeader(
  { version, architecture }: IgvmFile,
  sizes: { variable: number; total: number },
): Uint8Array {
  const common = {
    magic: IGVM_MAGIC,
    format_version: version,
    variable_header_size: sizes.variable,
    total_file_size: sizes.total,
  };
  return version === 1
    ? FIXED_HEADER_1.write({ ...common, variable_header_offset: FIXED_HEADER_1.size })
    : FIXED_HEADER_2.write({
        ...common,
        variable_header_offset: FIXED_HEADER_2.size,
        architecture: IGVM_ARCHITECTURES[architecture],
        page_size: 4096,
      });
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function* windows(source: ByteSource): Generator<Uint8Array> {
  for (let at = 0; at < source.size; at += WINDOW) {
    const part = new Uint8Array(Math.min(WINDOW, source.size - at));
    source.read(at, part);
    yield part;
  }
}

/**
 * The bytes of an IGVM file, part by part: fixed header, variable headers without gaps, then the data of each header that
 * has some, in the order of the headers. A file has one such form. Throws IGVM_FORMAT, IGVM_TOO_LARGE.
 */
export function* writeIgvm(file: IgvmFile): Generator<Uint8Array> {
  checkIgvm(file);
  const { headers, version, architecture } = file;
  if (version === 1 && architecture !== 'x64')
    throw new MotteError('IGVM_FORMAT', {
      field: 'format_version',
      expected: 2,
      found: `1 for ${architecture}`,
    });
  const fixedSize = version === 1 ? FIXED_HEADER_1.size : FIXED_HEADER_2.size;
  const variable = headers.reduce((sum, one) => sum + HEADER_HEAD.size + alignedSize(contentSize(one)), 0);
  let next = fixedSize + variable;
  const parts = headers.map((one) => {
    const data = one.kind === 'unknown' ? undefined : one.data;
    if (data === undefined) {
      // Zeros have no place in the file, whatever the header was read with.
      return headerBytes(one, one.kind !== 'unknown' && 'file_offset' in one.values ? 0 : undefined);
    }
    const offset = next;
    next += data.size;
    if (next > MOST)
      throw new MotteError('IGVM_TOO_LARGE', { field: 'total_file_size', expected: MOST, found: next });
    return headerBytes(one, offset);
  });
  const variableBytes = concat(parts, variable);
  const fixed = fixedHeader(file, { variable, total: next });
  const checksum = crc32(fixed, variableBytes);
  new DataView(fixed.buffer).setUint32(FIXED_HEADER_1.offsetOf('checksum'), checksum, true);
  yield fixed;
  yield variableBytes;
  for (const one of headers) if (one.kind !== 'unknown' && one.data !== undefined) yield* windows(one.data);
}
