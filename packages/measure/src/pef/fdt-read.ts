// SPDX-License-Identifier: Apache-2.0
import {
  align4,
  badFdt,
  FDT_COMPATIBLE_VERSION,
  FDT_HEADER,
  FDT_MAGIC,
  FDT_VERSION,
  MAX_DEPTH,
  NODE_NAME,
  PROPERTY_NAME,
  RESERVATIONS_BYTES,
  TOKEN,
} from './fdt.js';
import type { Fdt, FdtNode, FdtProperty } from './fdt.js';

const LATIN1 = new TextDecoder('latin1');

interface Blocks {
  readonly struct: number;
  readonly strings: number;
  readonly end: number;
}

/** Where the blocks are: one after the other, in the order of the specification, and nothing between them. */
function readHeader(bytes: Uint8Array): Blocks {
  if (bytes.length < FDT_HEADER.size) throw badFdt('header', `${FDT_HEADER.size} bytes`, bytes.length, 0);
  const header = FDT_HEADER.read(bytes);
  const struct = FDT_HEADER.size + RESERVATIONS_BYTES;
  const strings = struct + header.size_dt_struct;
  const fixed = {
    magic: FDT_MAGIC,
    version: FDT_VERSION,
    last_comp_version: FDT_COMPATIBLE_VERSION,
    totalsize: bytes.length,
    boot_cpuid_phys: 0,
    off_mem_rsvmap: FDT_HEADER.size,
    off_dt_struct: struct,
    off_dt_strings: strings,
    size_dt_strings: bytes.length - strings,
  } as const;
  for (const [name, value] of Object.entries(fixed) as [keyof typeof fixed, number][])
    if (header[name] !== value)
      throw badFdt(name, `0x${value.toString(16)}`, BigInt(header[name]), FDT_HEADER.offsetOf(name));
  const reserved = bytes.subarray(FDT_HEADER.size, struct).findIndex((byte) => byte !== 0);
  if (reserved >= 0)
    throw badFdt('memory reservations', 'none', 'some, or no end', FDT_HEADER.size + reserved);
  return { struct, strings, end: bytes.length };
}

class Reader {
  #at: number;
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    readonly blocks: Blocks,
  ) {
    this.#at = blocks.struct;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get at(): number {
    return this.#at;
  }

  #take(length: number, field: string): number {
    const from = this.#at;
    const left = this.blocks.strings - from;
    if (length > left) throw badFdt(field, `${length} bytes`, `${left} to the end of the block`, from);
    this.#at += length;
    return from;
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#take(4, field), false);
  }

  peek(): number {
    return this.blocks.strings - this.#at < 4 ? TOKEN.END : this.#view.getUint32(this.#at, false);
  }

  /** A node's name and its padding, which libfdt zeroes. */
  name(isRoot: boolean): string {
    const from = this.#at;
    const end = this.bytes.subarray(0, this.blocks.strings).indexOf(0, from);
    if (end < 0) throw badFdt('node name', 'a NUL at its end', 'none in the block', from);
    this.#take(align4(end + 1 - from), 'node name');
    const name = LATIN1.decode(this.bytes.subarray(from, end));
    if (this.bytes.subarray(end, this.#at).some((byte) => byte !== 0))
      throw badFdt('node name', 'zeros up to the next word', 'others', end);
    if (isRoot ? name !== '' : !NODE_NAME.test(name))
      throw badFdt('node name', isRoot ? 'none for the root' : 'a node name', JSON.stringify(name), from);
    return name;
  }

  /** A property after its token. Its padding may be anything: svm-tool leaves in it what was in memory. */
  property(): FdtProperty {
    const length = this.u32('property length');
    const nameAt = this.#at;
    const name = this.#string(this.u32('property name'), nameAt);
    const from = this.#take(align4(length), `property ${name}`);
    return { name, value: new Uint8Array(this.bytes.subarray(from, from + length)) };
  }

  #string(offset: number, at: number): string {
    const { strings, end } = this.blocks;
    if (offset >= end - strings)
      throw badFdt('property name', `an offset below ${end - strings}`, offset, at);
    const close = this.bytes.indexOf(0, strings + offset);
    if (close < 0) throw badFdt('property name', 'a NUL at its end', 'none', strings + offset);
    const name = LATIN1.decode(this.bytes.subarray(strings + offset, close));
    if (!PROPERTY_NAME.test(name))
      throw badFdt('property name', 'a property name', JSON.stringify(name), strings + offset);
    return name;
  }
}

function addTo<T extends { readonly name: string }>(
  list: T[],
  names: Set<string>,
  item: T,
  at: number,
): void {
  if (names.has(item.name)) throw badFdt('name', 'one that is new in its node', item.name, at);
  names.add(item.name);
  list.push(item);
}

/** A node after its token, to its end. Each turn of a loop consumes a word at least. */
function readNode(reader: Reader, depth: number): FdtNode {
  const start = reader.at;
  if (depth >= MAX_DEPTH) throw badFdt('nodes', `at most ${MAX_DEPTH} deep`, 'more', start);
  const name = reader.name(depth === 0);
  const properties: FdtProperty[] = [];
  const nodes: FdtNode[] = [];
  const [propertyNames, nodeNames] = [new Set<string>(), new Set<string>()];
  for (;;) {
    const at = reader.at;
    const token = reader.u32('token');
    if (token === TOKEN.END_NODE) return { name, properties, nodes };
    if (token === TOKEN.BEGIN_NODE) addTo(nodes, nodeNames, readNode(reader, depth + 1), at);
    else if (token === TOKEN.PROP && nodes.length === 0)
      addTo(properties, propertyNames, reader.property(), at);
    else {
      const expected =
        nodes.length === 0 ? 'a property, a node or the end of one' : 'a node or the end of one';
      throw badFdt('token', expected, token, at);
    }
  }
}

/** The strings block, string by string. */
function readStrings(bytes: Uint8Array, { strings, end }: Blocks): string[] {
  if (strings === end) return [];
  if (bytes[end - 1] !== 0) throw badFdt('strings', 'a NUL at the end', bytes[end - 1] ?? 0, end - 1);
  return LATIN1.decode(bytes.subarray(strings, end - 1)).split('\0');
}

/**
 * Reads a flattened device tree of version 17, as libfdt packs one: strictly, to the last byte but for the
 * padding of properties. Values are copies. Throws FDT.
 */
export function readFdt(bytes: Uint8Array): Fdt {
  const blocks = readHeader(bytes);
  const reader = new Reader(bytes, blocks);
  const first = reader.u32('token');
  if (first !== TOKEN.BEGIN_NODE) throw badFdt('token', 'a node', first, blocks.struct);
  const root = readNode(reader, 0);
  const at = reader.at;
  const last = reader.u32('token');
  if (last !== TOKEN.END) throw badFdt('token', 'the end of the tree', last, at);
  if (reader.at !== blocks.strings)
    throw badFdt('size_dt_struct', reader.at - blocks.struct, blocks.strings - blocks.struct, reader.at);
  return { root, strings: readStrings(bytes, blocks) };
}
