// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import { EM, PT, SHF, SHT } from '@motte/elf/constants';
import { EHDR } from '@motte/elf/layouts';
import { readElf } from '@motte/elf/read';
import type { Elf, Section, Segment } from '@motte/elf/types';

interface Piece {
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
}

/** The kernel's size is told to the ultravisor in 32 bits. */
const MAX_BYTES = 0xffffffff;

function bad(field: string, expected: string, found: string | number | bigint, offset: number): MotteError {
  return new MotteError('PEF_INPUT', { field, expected, found, offset });
}

/** The load address of a section: as far into its segment's physical as it is into the virtual addresses. */
function loadAddress(section: Section, segments: readonly Segment[]): bigint {
  const end = section.offset + section.size;
  const segment = segments.find(
    ({ type, offset, filesz, vaddr, memsz }) =>
      type === PT.LOAD &&
      section.offset >= offset &&
      end <= offset + filesz &&
      section.addr >= vaddr &&
      section.addr + BigInt(section.size) <= vaddr + BigInt(memsz),
  );
  return segment === undefined ? section.addr : section.addr - segment.vaddr + segment.paddr;
}

function piecesOf({ sections, segments }: Elf): Piece[] {
  const pieces = sections
    .filter(({ type, flags, size }) => (flags & SHF.ALLOC) !== 0n && type !== SHT.NOBITS && size > 0)
    .map((section) => ({
      address: loadAddress(section, segments),
      offset: section.offset,
      size: section.size,
    }));
  return pieces.toSorted((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
}

/**
 * The flat image of a vmlinux, which is what its digest is of: the contents of its allocated sections from the
 * lowest load address on, with zeros between them; the same as `objcopy -O binary -S`. Throws PEF_INPUT, or an
 * error of `@motte/elf`.
 */
export function flatKernel(vmlinux: ByteSource): ByteSource {
  const elf = readElf(vmlinux);
  if (elf.header.machine !== EM.PPC64)
    throw bad('e_machine', `${EM.PPC64} (PowerPC64)`, elf.header.machine, EHDR.offsetOf('e_machine'));
  const pieces = piecesOf(elf);
  const base = pieces[0]?.address;
  if (base === undefined) throw bad('sections', 'one that is loaded', 'none', elf.header.shoff);
  let end = base;
  for (const { address, size, offset } of pieces) {
    if (address < end) throw bad('sections', 'each at its own load addresses', address, offset);
    end = address + BigInt(size);
  }
  if (end - base > BigInt(MAX_BYTES))
    throw bad('sections', `at most ${MAX_BYTES} bytes apart`, end - base, elf.header.shoff);
  const total = Number(end - base);
  return {
    size: total,
    read(offset, into) {
      if (offset < 0 || offset + into.length > total)
        throw new MotteError('STRUCT_TRUNCATED', {
          expected: `${into.length} bytes`,
          found: total - offset,
          offset,
        });
      into.fill(0);
      for (const piece of pieces) {
        const at = Number(piece.address - base);
        const [from, to] = [Math.max(at, offset), Math.min(at + piece.size, offset + into.length)];
        if (from < to) vmlinux.read(piece.offset + from - at, into.subarray(from - offset, to - offset));
      }
    },
  };
}
