// SPDX-License-Identifier: Apache-2.0
import { fieldSize } from './layout.js';
import type { Field, LayoutHead } from './layout.js';

/** A layout of any table. */
export type AnyLayout = LayoutHead & { readonly fields: readonly Field[] };

const C_TYPES: Readonly<Record<string, string>> = {
  u8: 'uint8_t',
  u16: 'uint16_t',
  u32: 'uint32_t',
  u64: 'uint64_t',
};

function member(field: Field): string {
  const own = C_TYPES[field.type];
  const declared =
    own === undefined ? `uint8_t ${field.name}[${fieldSize(field.type)}]` : `${own} ${field.name}`;
  return `\t${declared};${field.doc === undefined ? '' : ` /* ${field.doc} */`}`;
}

/** The largest power of two, up to 8, that the size and the offset of each integer field allow. */
function alignment(layout: AnyLayout): number {
  const integers = layout.fields.filter((field) => C_TYPES[field.type] !== undefined);
  const fits = (n: number): boolean =>
    layout.size % n === 0 && integers.every((field) => field.at % Math.min(n, fieldSize(field.type)) === 0);
  return [8, 4, 2].find(fits) ?? 1;
}

/**
 * A C structure of the layout, packed, as aligned as its fields are (so that their addresses may be taken), with a `_Static_assert` on its size and on every offset. Big-endian
 * fields become byte arrays.
 */
export function toC(layout: AnyLayout, cName: string = layout.name.toLowerCase()): string {
  const tag = `struct ${cName}`;
  return [
    `/* ${layout.name}: ${layout.source} */`,
    `${tag} {`,
    ...layout.fields.map(member),
    `} __attribute__((packed, aligned(${alignment(layout)})));`,
    `_Static_assert(sizeof(${tag}) == ${layout.size}, "${cName}: size");`,
    ...layout.fields.map(
      (field) =>
        `_Static_assert(__builtin_offsetof(${tag}, ${field.name}) == 0x${field.at.toString(16)}, "${cName}.${field.name}");`,
    ),
    '',
  ].join('\n');
}

/** A Markdown table of the layout, for the book. */
export function toMarkdown(layout: AnyLayout): string {
  const rows = layout.fields.map(
    (field) =>
      `| 0x${field.at.toString(16).padStart(3, '0')} | ${field.name} | ${field.type} | ${field.doc ?? ''} |`,
  );
  return [
    `### ${layout.name} (${layout.size} bytes)`,
    '',
    `Source: ${layout.source}`,
    '',
    '| offset | field | type | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
