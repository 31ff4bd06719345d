// SPDX-License-Identifier: Apache-2.0
import { PF } from '@motte/elf/constants';
import { loadAt } from '@motte/elf/segments';
import type { Elf } from '@motte/elf/types';
import type { ObjectFile } from './compile.js';

/** Bytes of a component in the linked shim. */
export interface Sizes {
  text: number;
  rodata: number;
  data: number;
  bss: number;
}

/** ` .text.name  0xADDRESS  0xSIZE  file.o`, the name on a line of its own when it is long. */
const INPUT_SECTION = /^ (\.\S+|COMMON)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S+\.o)$/gm;

/** Sections that the linker makes; its map gives them to the first object. */
const LINKER_MADE = /^\.(dynamic|dynsym|dynstr|hash|gnu\.hash|rela\b.*|got.*|plt.*)$/;

/** Sections that are not loaded, which the map puts at address 0. */
const NOT_LOADED = /^\.(motte\.sites|comment|note\b.*|debug.*)$/;

/** The name of what belongs to no component: dynamic section, symbols and relocations. */
export const LINKER = 'linker';

function kindOf(elf: Elf, address: bigint): keyof Sizes | undefined {
  const segment = loadAt(elf, address);
  if (segment === undefined) return undefined;
  if ((segment.flags & PF.X) !== 0) return 'text';
  if ((segment.flags & PF.W) === 0) return 'rodata';
  return address < segment.vaddr + BigInt(segment.filesz) ? 'data' : 'bss';
}

/** What each component takes, by the linker's own map: its input sections that were not dropped. */
export function sizesByComponent(elf: Elf, map: string, objects: readonly ObjectFile[]): Map<string, Sizes> {
  const placed = map.slice(map.indexOf('Linker script and memory map'));
  const components = new Map(objects.map(({ name, component }) => [name, component]));
  const out = new Map<string, Sizes>(
    [...objects.map(({ component }) => component), LINKER].map((name) => [
      name,
      { text: 0, rodata: 0, data: 0, bss: 0 },
    ]),
  );
  for (const [, section = '', address = '', size = '', file = ''] of placed.matchAll(INPUT_SECTION)) {
    const bytes = Number.parseInt(size, 16);
    const sizes = out.get(LINKER_MADE.test(section) ? LINKER : (components.get(file) ?? ''));
    if (sizes === undefined || bytes === 0 || NOT_LOADED.test(section)) continue;
    const kind = kindOf(elf, BigInt(`0x${address}`));
    if (kind !== undefined) sizes[kind] += bytes;
  }
  return out;
}
