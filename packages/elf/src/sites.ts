// SPDX-License-Identifier: Apache-2.0
// The section `.motte.sites` of a shim, docs/sgx-keep.md and docs/vm-keep.md.
import { MotteError } from '@motte/binary/error';
import { fromHex, toHex } from '@motte/binary/hex';
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';
import { readBytes } from '@motte/binary/source';
import { records } from './records.js';
import { findSection, sectionSource } from './sections.js';
import { SHT } from './constants.js';
import type { Elf, Segment } from './types.js';

export const SITES_SECTION = '.motte.sites';

/** SITE.kind. */
export const SITE_KIND = { ENCLU: 1, WRFSBASE_RAX: 2, RDFSBASE_RAX: 3, VMGEXIT: 4, PVALIDATE: 5 } as const;

/**
 * What must stand at a site, by its kind: Intel SDM 253665-081, volumes 2A to 2D, and AMD 24594 rev 3.36, the instructions'
 * opcodes. SGX's have room for a jump to anywhere in 2 GiB; SEV-SNP's for an OUT to a port below 256.
 */
const INSTRUCTIONS: Readonly<Record<number, { readonly name: string; readonly bytes: string }>> = {
  [SITE_KIND.ENCLU]: { name: 'ENCLU and a two-byte NOP', bytes: '0f01d76690' },
  [SITE_KIND.WRFSBASE_RAX]: { name: 'WRFSBASE RAX', bytes: 'f3480faed0' },
  [SITE_KIND.RDFSBASE_RAX]: { name: 'RDFSBASE RAX', bytes: 'f3480faec0' },
  [SITE_KIND.VMGEXIT]: { name: 'VMGEXIT', bytes: 'f30f01d9' },
  [SITE_KIND.PVALIDATE]: { name: 'PVALIDATE', bytes: 'f20f01ff' },
};

const KINDS = Object.keys(INSTRUCTIONS).join(', ');

export const SITE_FIELDS = [
  { at: 0x00, name: 'offset', type: 'u32', doc: 'of the instruction, from the base of the shim' },
  {
    at: 0x04,
    name: 'kind',
    type: 'u32',
    doc: '1 ENCLU, 2 WRFSBASE rax, 3 RDFSBASE rax, 4 VMGEXIT, 5 PVALIDATE',
  },
] as const;

/** A record of `.motte.sites`. */
export const SITE: Layout<typeof SITE_FIELDS> = layout(
  { name: 'SITE', size: 8, source: 'Motte, docs/sgx-keep.md' },
  SITE_FIELDS,
);

/** An instruction of the shim that emulation may patch. */
export interface Site {
  /** From the base of the shim, which is its p_vaddr 0. */
  readonly offset: number;
  readonly kind: number;
}

/**
 * The sites that the shim lists, ascending; none when it has no such section. Throws ELF_SHIM_SITES for a list
 * that is malformed or names a place where its instruction is not, so that no patch ever cuts another one in two.
 */
export function readSites(elf: Elf, code: readonly Segment[]): Site[] {
  const section = findSection(elf, SITES_SECTION);
  if (section === undefined) return [];
  const bad = (field: string, expected: string, found: string, offset: number): MotteError =>
    new MotteError('ELF_SHIM_SITES', { field: `${SITES_SECTION}.${field}`, expected, found, offset });
  if (section.type === SHT.NOBITS || section.size % SITE.size !== 0) {
    throw bad('sh_size', `a multiple of ${SITE.size}, in the file`, `${section.size}`, section.offset);
  }
  const out: Site[] = [];
  for (const { bytes, at, offset } of records(sectionSource(elf, section), 0, section.size, SITE.size)) {
    const site: Site = SITE.read(bytes, at);
    const place = section.offset + offset;
    const instruction = INSTRUCTIONS[site.kind];
    if (instruction === undefined) throw bad('kind', KINDS, `${site.kind}`, place);
    const size = instruction.bytes.length / 2;
    const load = code.find(
      ({ vaddr, filesz }) =>
        BigInt(site.offset) >= vaddr && BigInt(site.offset + size) <= vaddr + BigInt(filesz),
    );
    if (load === undefined) throw bad('offset', 'an address in code', `0x${site.offset.toString(16)}`, place);
    const found = readBytes(elf.source, load.offset + site.offset - Number(load.vaddr), size);
    if (toHex(found) !== instruction.bytes) {
      throw bad(
        'offset',
        `${instruction.name}, ${instruction.bytes}`,
        `${toHex(found)} at 0x${site.offset.toString(16)}`,
        place,
      );
    }
    out.push(site);
  }
  out.sort((a, b) => a.offset - b.offset);
  out.forEach((site, i) => {
    const before = out[i - 1];
    if (before !== undefined && site.offset < before.offset + siteBytes(before.kind).length) {
      throw bad('offset', 'each instruction once', `0x${site.offset.toString(16)} twice`, section.offset);
    }
  });
  return out;
}

/** The bytes of `.motte.sites`. */
export function encodeSites(sites: readonly Site[]): Uint8Array {
  const out = new Uint8Array(sites.length * SITE.size);
  sites.forEach((site, i) => out.set(SITE.write(site), i * SITE.size));
  return out;
}

/** The bytes of a site's instruction. Throws ELF_SHIM_SITES for a kind that there is not. */
export function siteBytes(kind: number): Uint8Array {
  const instruction = INSTRUCTIONS[kind];
  if (instruction === undefined)
    throw new MotteError('ELF_SHIM_SITES', { field: 'kind', expected: KINDS, found: kind });
  return fromHex(instruction.bytes, 'site');
}
