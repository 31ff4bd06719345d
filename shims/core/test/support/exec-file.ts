// SPDX-License-Identifier: Apache-2.0
// ELF files for execve: a good one, by its headers, and what a case says of the file besides its bytes.
import { DT, EM, ET, PF, PT } from '@motte/elf/constants';
import { EHDR, PHDR } from '@motte/elf/layouts';
import type { EHDR_FIELDS, PHDR_FIELDS } from '@motte/elf/layouts';
import type { LayoutValues } from '@motte/binary/layout';

export type Header = LayoutValues<typeof EHDR_FIELDS>;
export type Part = LayoutValues<typeof PHDR_FIELDS>;

export const FAULT = { NONE: 0, ERROR: 1, SHORT: 2, MEMORY: 3 } as const;

/** d_tag and d_val. */
export type Entry = readonly [tag: bigint, value: bigint];

export interface ExecFile {
  readonly header: Header;
  readonly parts: readonly Part[];
  /** At `DYNAMIC.offset`. */
  readonly dynamic: readonly Entry[];
  /** Bytes in all; what the headers do not take is zero. */
  readonly length: number;
}

export interface ExecCase {
  readonly bytes: Uint8Array;
  /** What stat() says, which the host of a granted file may choose. */
  readonly size: bigint;
  readonly mode: number;
  readonly granted: boolean;
  readonly permitted: number;
  readonly late: boolean;
  /** It has a name in the tree, and somebody has it open for writing. */
  readonly named: boolean;
  readonly written: boolean;
  /** What the `at`th read does instead of reading. */
  readonly fault: number;
  readonly at: number;
}

export const CODE = { offset: 0x1000n, vaddr: 0x2000n, size: 0x800n };
export const DATA = { offset: 0x1800n, vaddr: 0x3800n, size: 0x400n };
export const DYNAMIC = { offset: 0x1900n, vaddr: 0x3900n };

const PAGE = 0x1000n;

function part(type: number, flags: number, place: { offset: bigint; vaddr: bigint; size: bigint }): Part {
  const { offset, vaddr, size } = place;
  const align = type === PT.LOAD ? PAGE : 8n;
  return {
    p_type: type,
    p_flags: flags,
    p_offset: offset,
    p_vaddr: vaddr,
    p_paddr: vaddr,
    p_filesz: size,
    p_memsz: size,
    p_align: align,
  };
}

/** A static PIE as linkers make them: headers, code, and data with a dynamic section and .bss. */
export function goodFile(entries: readonly Entry[] = [[BigInt(DT.DEBUG), 0n]]): ExecFile {
  const dynamic: readonly Entry[] = [...entries, [0n, 0n]];
  const size = BigInt(dynamic.length * 16);
  const headers = { offset: 64n, vaddr: 64n, size: 8n * BigInt(PHDR.size) };
  return {
    header: {
      ei_magic: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46),
      ei_class: 2,
      ei_data: 1,
      ei_version: 1,
      ei_osabi: 0,
      ei_abiversion: 0,
      reserved_009: new Uint8Array(7),
      e_type: ET.DYN,
      e_machine: EM.X86_64,
      e_version: 1,
      e_entry: CODE.vaddr + 0x40n,
      e_phoff: 64n,
      e_shoff: 0n,
      e_flags: 0,
      e_ehsize: EHDR.size,
      e_phentsize: PHDR.size,
      e_phnum: 8,
      e_shentsize: 64,
      e_shnum: 0,
      e_shstrndx: 0,
    },
    parts: [
      part(PT.PHDR, PF.R, headers),
      part(PT.LOAD, PF.R, { offset: 0n, vaddr: 0n, size: 0x400n }),
      part(PT.LOAD, PF.R | PF.X, CODE),
      { ...part(PT.LOAD, PF.R | PF.W, DATA), p_memsz: 0x2000n },
      part(PT.DYNAMIC, PF.R | PF.W, { ...DYNAMIC, size }),
      part(PT.TLS, PF.R, { offset: 0x1a00n, vaddr: 0x3a00n, size: 0x20n }),
      part(PT.GNU_RELRO, PF.R, { offset: 0x1800n, vaddr: 0x3800n, size: 0x200n }),
      part(PT.GNU_STACK, PF.R | PF.W, { offset: 0n, vaddr: 0n, size: 0n }),
    ],
    dynamic,
    length: 0x1c00,
  };
}

function put(to: Uint8Array, bytes: Uint8Array, at: bigint): void {
  const room = BigInt(to.length) - at;
  if (room > 0n) to.set(bytes.subarray(0, Number(room < bytes.length ? room : bytes.length)), Number(at));
}

/** The file's bytes; headers that it has no room for are cut. */
export function bytesOf({ header, parts, dynamic, length }: ExecFile): Uint8Array {
  const out = new Uint8Array(length);
  const entries = new BigUint64Array(dynamic.flat());
  put(out, new Uint8Array(entries.buffer), DYNAMIC.offset);
  parts.forEach((one, i) => put(out, PHDR.write(one), header.e_phoff + BigInt(i * PHDR.size)));
  put(out, EHDR.write(header), 0n);
  return out;
}

/** A case in which nothing but the file's bytes matters. */
export function plainCase(bytes: Uint8Array): ExecCase {
  const file = { bytes, size: BigInt(bytes.length), mode: 0o100755, granted: false, permitted: 8 };
  return { ...file, late: true, named: true, written: false, fault: FAULT.NONE, at: 0 };
}

/** A case as the driver reads it. */
export function encodeCase(one: ExecCase): Uint8Array {
  const head = new DataView(new ArrayBuffer(48));
  head.setBigUint64(0, one.size, true);
  const { mode, granted, permitted, late, named, written, fault, at } = one;
  const words = [one.bytes.length, mode, granted, permitted, late, named, written, fault, at];
  words.forEach((word, i) => head.setUint32(8 + 4 * i, Number(word), true));
  return Buffer.concat([new Uint8Array(head.buffer), one.bytes]);
}
