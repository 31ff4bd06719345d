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
import type { Fdt, FdtNode } from './fdt.js';

/** The strings block: a name is found where its letters stand, be it at the end of another, as libfdt does it. */
class Strings {
  text: string;

  constructor(names: readonly string[]) {
    this.text = names.map((name) => `${name}\0`).join('');
  }

  offsetOf(name: string): number {
    const at = this.text.indexOf(`${name}\0`);
    if (at >= 0) return at;
    const end = this.text.length;
    this.text += `${name}\0`;
    return end;
  }
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, false);
  return bytes;
}

function padded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(align4(bytes.length));
  out.set(bytes);
  return out;
}

function checkNames(items: readonly { readonly name: string }[], pattern: RegExp, field: string): void {
  const seen = new Set<string>();
  for (const { name } of items) {
    if (!pattern.test(name) || seen.has(name)) throw badFdt(field, 'a name, once in its node', name, 0);
    seen.add(name);
  }
}

function* nodeParts(node: FdtNode, strings: Strings, depth: number): Iterable<Uint8Array> {
  if (depth >= MAX_DEPTH) throw badFdt('nodes', `at most ${MAX_DEPTH} deep`, 'more', 0);
  checkNames(node.properties, PROPERTY_NAME, 'property name');
  checkNames(node.nodes, NODE_NAME, 'node name');
  yield word(TOKEN.BEGIN_NODE);
  yield padded(new TextEncoder().encode(`${node.name}\0`));
  for (const { name, value } of node.properties) {
    yield word(TOKEN.PROP);
    yield word(value.length);
    yield word(strings.offsetOf(name));
    yield padded(value);
  }
  for (const child of node.nodes) yield* nodeParts(child, strings, depth + 1);
  yield word(TOKEN.END_NODE);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Writes a flattened device tree, packed, with zeros for padding. The caller owns it. Throws FDT. */
export function writeFdt({ root, strings: names }: Fdt): Uint8Array {
  if (root.name !== '') throw badFdt('node name', 'none for the root', root.name, 0);
  const strings = new Strings(names);
  const struct = concat([...nodeParts(root, strings, 0), word(TOKEN.END)]);
  const text = new TextEncoder().encode(strings.text);
  const structAt = FDT_HEADER.size + RESERVATIONS_BYTES;
  const header = FDT_HEADER.write({
    magic: FDT_MAGIC,
    totalsize: structAt + struct.length + text.length,
    off_dt_struct: structAt,
    off_dt_strings: structAt + struct.length,
    off_mem_rsvmap: FDT_HEADER.size,
    version: FDT_VERSION,
    last_comp_version: FDT_COMPATIBLE_VERSION,
    size_dt_strings: text.length,
    size_dt_struct: struct.length,
  });
  return concat([header, new Uint8Array(RESERVATIONS_BYTES), struct, text]);
}
