// SPDX-License-Identifier: Apache-2.0
import { MotteError } from './error.js';

/** What a field holds: little-endian unless it says `be`; `bytesN` is N raw bytes. */
export type FieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'u16be' | 'u32be' | 'u64be' | `bytes${number}`;

/** One row of a layout table. */
export interface Field {
  /** Byte offset from the start of the structure. */
  readonly at: number;
  /** The manual's name; a reserved range is `reserved_` and its offset in hex. */
  readonly name: string;
  readonly type: FieldType;
  readonly doc?: string;
}

type ValueOf<T extends FieldType> = T extends 'u64' | 'u64be'
  ? bigint
  : T extends 'u8' | 'u16' | 'u32' | 'u16be' | 'u32be'
    ? number
    : Uint8Array;

/** The values of a structure whose table is `F`, field by field. */
export type LayoutValues<F extends readonly Field[]> = {
  [K in F[number] as K['name']]: ValueOf<K['type']>;
};

/** What a table is called, how large the structure is, and where that is written. */
export interface LayoutHead {
  readonly name: string;
  /** Bytes of the whole structure. */
  readonly size: number;
  /** Document, revision and table. */
  readonly source: string;
}

/** A hardware or file structure as data: it reads, writes and describes itself. */
export interface Layout<F extends readonly Field[]> extends LayoutHead {
  readonly fields: F;
  /** The values at `offset` of `bytes`; `bytesN` values are copies. Throws STRUCT_TRUNCATED. */
  read(bytes: Uint8Array, offset?: number): LayoutValues<F>;
  /**
   * As `read`, and throws STRUCT_RESERVED for the first reserved field that is not zero. `base` is where `bytes` lie in
   * the file, for the offset that the error tells.
   */
  readStrict(bytes: Uint8Array, offset?: number, base?: number): LayoutValues<F>;
  /** A fresh structure; fields that are not given are zero. Throws STRUCT_VALUE for what does not fit. */
  write(values: Partial<LayoutValues<F>>): Uint8Array;
  /** The names of the reserved fields that are not zero. */
  nonZeroReserved(bytes: Uint8Array, offset?: number): string[];
  /** Offset of a field. */
  offsetOf(name: F[number]['name']): number;
}

const SIZES: Readonly<Record<string, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  u16be: 2,
  u32be: 4,
  u64be: 8,
};

/** Bytes that a field of this type takes. */
export function fieldSize(type: FieldType): number {
  return SIZES[type] ?? Number(type.slice('bytes'.length));
}

/** True for a field that the manual reserves. */
export function isReserved(field: Field): boolean {
  return /^reserved_[0-9a-f]+$/.test(field.name);
}

function checkTable(head: LayoutHead, fields: readonly Field[]): void {
  let at = 0;
  const names = new Set<string>();
  for (const field of fields) {
    const size = fieldSize(field.type);
    if (!Number.isSafeInteger(size) || size <= 0) {
      throw new MotteError('LAYOUT_INVALID', { field: `${head.name}.${field.name}`, found: field.type });
    }
    if (field.at !== at || names.has(field.name)) {
      throw new MotteError('LAYOUT_INVALID', {
        field: `${head.name}.${field.name}`,
        expected: names.has(field.name) ? 'a name used once' : `offset 0x${at.toString(16)}`,
        found: `offset 0x${field.at.toString(16)}`,
        offset: field.at,
      });
    }
    names.add(field.name);
    at += size;
  }
  if (at !== head.size) {
    throw new MotteError('LAYOUT_INVALID', { field: head.name, expected: head.size, found: at });
  }
}

function readField(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  type: FieldType,
): bigint | number | Uint8Array {
  switch (type) {
    case 'u8':
      return view.getUint8(at);
    case 'u16':
      return view.getUint16(at, true);
    case 'u16be':
      return view.getUint16(at, false);
    case 'u32':
      return view.getUint32(at, true);
    case 'u32be':
      return view.getUint32(at, false);
    case 'u64':
      return view.getBigUint64(at, true);
    case 'u64be':
      return view.getBigUint64(at, false);
    default:
      // Not `slice`: that of a Buffer shares its memory.
      return new Uint8Array(bytes.subarray(at, at + fieldSize(type)));
  }
}

function writeField(view: DataView, out: Uint8Array, field: Field, name: string, value: unknown): void {
  const size = fieldSize(field.type);
  const bad = (expected: string): MotteError =>
    new MotteError('STRUCT_VALUE', {
      field: `${name}.${field.name}`,
      expected,
      found: String(value),
      offset: field.at,
    });
  const little = !field.type.endsWith('be');
  if (field.type.startsWith('bytes')) {
    if (!(value instanceof Uint8Array) || value.length !== size) throw bad(`${size} bytes`);
    out.set(value, field.at);
  } else if (size === 8) {
    if (typeof value !== 'bigint' || value < 0n || value >= 1n << 64n)
      throw bad('a bigint of 64 bits, unsigned');
    view.setBigUint64(field.at, value, little);
  } else {
    const fits =
      typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** (8 * size);
    if (!fits) throw bad(`a number of ${8 * size} bits, unsigned`);
    if (size === 4) view.setUint32(field.at, value, little);
    else if (size === 2) view.setUint16(field.at, value, little);
    else view.setUint8(field.at, value);
  }
}

/**
 * Makes a layout of a table, and checks the table: offsets ascend without gap or overlap, sizes add up, names
 * are used once. Throws LAYOUT_INVALID when it is loaded, not when it is first used.
 */
export function layout<const F extends readonly Field[]>(head: LayoutHead, fields: F): Layout<F> {
  checkTable(head, fields);
  const { name, size } = head;
  const need = (bytes: Uint8Array, offset: number): void => {
    if (offset < 0 || offset + size > bytes.length) {
      throw new MotteError('STRUCT_TRUNCATED', {
        field: name,
        expected: `${size} bytes`,
        found: Math.max(0, bytes.length - offset),
        offset,
      });
    }
  };
  const nonZeroReserved = (bytes: Uint8Array, offset = 0): string[] => {
    need(bytes, offset);
    return fields.filter(isReserved).flatMap((field) => {
      const from = offset + field.at;
      return bytes.subarray(from, from + fieldSize(field.type)).some((b) => b !== 0) ? [field.name] : [];
    });
  };
  const read = (bytes: Uint8Array, offset = 0): LayoutValues<F> => {
    need(bytes, offset);
    const own = bytes.subarray(offset, offset + size);
    const view = new DataView(own.buffer, own.byteOffset, own.length);
    const entries = fields.map((field) => [field.name, readField(view, own, field.at, field.type)]);
    return Object.fromEntries(entries) as LayoutValues<F>;
  };
  return {
    ...head,
    fields,
    read,
    nonZeroReserved,
    readStrict(bytes, offset = 0, base = 0) {
      const values = read(bytes, offset);
      const [first] = nonZeroReserved(bytes, offset);
      const row = fields.find((field) => field.name === first);
      if (row !== undefined) {
        const from = offset + row.at;
        const own = bytes.subarray(from, from + fieldSize(row.type));
        const index = own.findIndex((b) => b !== 0);
        throw new MotteError('STRUCT_RESERVED', {
          field: `${name}.${row.name}`,
          expected: 'zero',
          found: `byte 0x${(own[index] ?? 0).toString(16).padStart(2, '0')}`,
          offset: base + from + index,
        });
      }
      return values;
    },
    write(values) {
      const out = new Uint8Array(size);
      const view = new DataView(out.buffer);
      const given = new Map<string, unknown>(Object.entries(values));
      for (const field of fields) {
        const value = given.get(field.name);
        given.delete(field.name);
        if (value !== undefined) writeField(view, out, field, name, value);
      }
      const [stray] = given.keys();
      if (stray !== undefined) {
        throw new MotteError('STRUCT_VALUE', {
          field: `${name}.${stray}`,
          message: 'the layout has no such field',
        });
      }
      return out;
    },
    offsetOf(field) {
      const row = fields.find((f) => f.name === field);
      if (row === undefined) throw new MotteError('LAYOUT_INVALID', { field: `${name}.${field}` });
      return row.at;
    },
  };
}
