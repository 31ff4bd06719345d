// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { readBytes, sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { NHDR } from './layouts.js';

/** Longest owner name. */
const NAME_LIMIT = 256;

export interface Note {
  /** Who defines `type`, without the NUL. */
  readonly name: string;
  readonly type: number;
  readonly descriptor: ByteSource;
  /** Where the note starts in the source that was given. */
  readonly offset: number;
}

/**
 * How notes are padded: to 4 bytes, or to 8 (`.note.gnu.property`); `none` is what Intel's SGX SDK writes in
 * `.note.sgxmeta`, against the gABI.
 */
export type NotePadding = 4 | 8 | 'none';

function padded(at: number, padding: NotePadding): number {
  return padding === 'none' ? at : Math.ceil(at / padding) * padding;
}

function readName(source: ByteSource, offset: number, length: number): string {
  if (length === 0) return '';
  const bytes = length > NAME_LIMIT ? undefined : readBytes(source, offset, length);
  if (bytes === undefined || bytes.indexOf(0) !== length - 1 || bytes.some((byte) => byte >= 0x80)) {
    throw new MotteError('ELF_NOTE', {
      field: 'n_name',
      expected: `ASCII of at most ${NAME_LIMIT} bytes, ended by its only NUL`,
      found: `${length} bytes`,
      offset,
    });
  }
  return String.fromCharCode(...bytes.subarray(0, length - 1));
}

/**
 * The notes in a section or segment. Every note is longer than its head, so that any input ends; padding
 * after the last one may be missing. Throws ELF_NOTE.
 */
export function* readNotes(source: ByteSource, padding: NotePadding = 4): Generator<Note> {
  let at = 0;
  while (at < source.size) {
    if (at + NHDR.size > source.size) {
      throw new MotteError('ELF_NOTE', {
        field: NHDR.name,
        expected: `${NHDR.size} bytes`,
        found: source.size - at,
        offset: at,
      });
    }
    const head = NHDR.read(readBytes(source, at, NHDR.size));
    const nameAt = at + NHDR.size;
    const descriptorAt = padded(nameAt + head.n_namesz, padding);
    const end = descriptorAt + head.n_descsz;
    if (nameAt + head.n_namesz > source.size || (head.n_descsz > 0 && end > source.size)) {
      throw new MotteError('ELF_NOTE', {
        field: 'n_descsz',
        expected: `a note that ends by 0x${source.size.toString(16)}`,
        found: `name of ${head.n_namesz}, descriptor of ${head.n_descsz} bytes`,
        offset: at,
      });
    }
    yield {
      name: readName(source, nameAt, head.n_namesz),
      type: head.n_type,
      descriptor:
        head.n_descsz === 0 ? sliceSource(source, 0, 0) : sliceSource(source, descriptorAt, head.n_descsz),
      offset: at,
    };
    at = padded(end, padding);
  }
}

/** The bytes of notes, each padded. */
export function encodeNotes(
  notes: readonly { name: string; type: number; descriptor: Uint8Array }[],
  padding: NotePadding = 4,
): Uint8Array {
  const parts: { at: number; bytes: Uint8Array }[] = [];
  let at = 0;
  for (const { name, type, descriptor } of notes) {
    const text = new TextEncoder().encode(name === '' ? '' : `${name}\0`);
    parts.push({
      at,
      bytes: NHDR.write({ n_namesz: text.length, n_descsz: descriptor.length, n_type: type }),
    });
    parts.push({ at: at + NHDR.size, bytes: text });
    const descriptorAt = padded(at + NHDR.size + text.length, padding);
    parts.push({ at: descriptorAt, bytes: descriptor });
    at = padded(descriptorAt + descriptor.length, padding);
  }
  const out = new Uint8Array(at);
  for (const part of parts) out.set(part.bytes, part.at);
  return out;
}
