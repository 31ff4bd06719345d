// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';

/** What the file header says. Class, byte order, versions and entry sizes are checked and not kept. */
export interface ElfHeader {
  readonly osabi: number;
  readonly abiversion: number;
  /** e_type, see `ET`. */
  readonly type: number;
  /** e_machine, see `EM`. */
  readonly machine: number;
  readonly entry: bigint;
  /** File offset of the program headers; 0 when there are none. */
  readonly phoff: number;
  /** File offset of the section headers; 0 when there are none. */
  readonly shoff: number;
  readonly flags: number;
  readonly phnum: number;
  readonly shnum: number;
  readonly shstrndx: number;
}

/** A program header. */
export interface Segment {
  readonly index: number;
  /** p_type, see `PT`; an unknown one is kept as it is. */
  readonly type: number;
  /** p_flags, see `PF`; unknown bits are kept. */
  readonly flags: number;
  readonly offset: number;
  readonly vaddr: bigint;
  readonly paddr: bigint;
  /** Bytes in the file, from `offset`; all of them exist. */
  readonly filesz: number;
  /** Bytes in memory, from `vaddr`: what the file does not fill is zero. */
  readonly memsz: number;
  readonly align: bigint;
}

/** A section header. */
export interface Section {
  readonly index: number;
  readonly name: string;
  /** sh_name: where the name stands in the section that `shstrndx` names. */
  readonly nameOffset: number;
  /** sh_type, see `SHT`; an unknown one is kept as it is. */
  readonly type: number;
  /** sh_flags, see `SHF`. */
  readonly flags: bigint;
  readonly addr: bigint;
  readonly offset: number;
  /** Bytes; in the file they all exist, unless the type is NOBITS. */
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly addralign: bigint;
  readonly entsize: bigint;
}

/** A checked ELF64 file. Contents stay in `source` until somebody asks for them. */
export interface Elf {
  readonly source: ByteSource;
  readonly header: ElfHeader;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
}
