// SPDX-License-Identifier: Apache-2.0
// Numbers of the System V gABI (Draft 10 June 2013), of GNU's extensions to it (<elf.h> of glibc 2.36) and of
// the x86-64 psABI (version 1.0), as far as Motte looks at them. All others stay plain numbers.

/** e_type. */
export const ET = { NONE: 0, REL: 1, EXEC: 2, DYN: 3, CORE: 4 } as const;

/** e_machine. */
export const EM = { X86_64: 62, PPC64: 21, RISCV: 243 } as const;

/** p_type. */
export const PT = {
  NULL: 0,
  LOAD: 1,
  DYNAMIC: 2,
  INTERP: 3,
  NOTE: 4,
  SHLIB: 5,
  PHDR: 6,
  TLS: 7,
  GNU_EH_FRAME: 0x6474e550,
  GNU_STACK: 0x6474e551,
  GNU_RELRO: 0x6474e552,
  GNU_PROPERTY: 0x6474e553,
} as const;

/** p_flags. */
export const PF = { X: 1, W: 2, R: 4 } as const;

/** sh_type. */
export const SHT = {
  NULL: 0,
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  RELA: 4,
  HASH: 5,
  DYNAMIC: 6,
  NOTE: 7,
  NOBITS: 8,
  REL: 9,
  SHLIB: 10,
  DYNSYM: 11,
  INIT_ARRAY: 14,
  FINI_ARRAY: 15,
  PREINIT_ARRAY: 16,
  GROUP: 17,
  SYMTAB_SHNDX: 18,
  RELR: 19,
  GNU_HASH: 0x6ffffff6,
} as const;

/** sh_flags. */
export const SHF = {
  WRITE: 1n,
  ALLOC: 2n,
  EXECINSTR: 4n,
  MERGE: 0x10n,
  STRINGS: 0x20n,
  TLS: 0x400n,
} as const;

/** Section indexes with a meaning of their own. */
export const SHN = { UNDEF: 0, LORESERVE: 0xff00, ABS: 0xfff1, COMMON: 0xfff2, XINDEX: 0xffff } as const;

/** e_phnum that says that the true number stands elsewhere. */
export const PN_XNUM = 0xffff;

/** d_tag. */
export const DT = {
  NULL: 0,
  NEEDED: 1,
  PLTRELSZ: 2,
  PLTGOT: 3,
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  RELA: 7,
  RELASZ: 8,
  RELAENT: 9,
  STRSZ: 10,
  SYMENT: 11,
  INIT: 12,
  FINI: 13,
  SONAME: 14,
  RPATH: 15,
  SYMBOLIC: 16,
  REL: 17,
  RELSZ: 18,
  RELENT: 19,
  PLTREL: 20,
  DEBUG: 21,
  TEXTREL: 22,
  JMPREL: 23,
  BIND_NOW: 24,
  INIT_ARRAY: 25,
  FINI_ARRAY: 26,
  INIT_ARRAYSZ: 27,
  FINI_ARRAYSZ: 28,
  RUNPATH: 29,
  FLAGS: 30,
  PREINIT_ARRAY: 32,
  PREINIT_ARRAYSZ: 33,
  SYMTAB_SHNDX: 34,
  RELRSZ: 35,
  RELR: 36,
  RELRENT: 37,
  GNU_HASH: 0x6ffffef5,
  VERSYM: 0x6ffffff0,
  RELACOUNT: 0x6ffffff9,
  FLAGS_1: 0x6ffffffb,
  VERDEF: 0x6ffffffc,
  VERDEFNUM: 0x6ffffffd,
  VERNEED: 0x6ffffffe,
  VERNEEDNUM: 0x6fffffff,
} as const;

/** DT_FLAGS. */
export const DF = { ORIGIN: 1n, SYMBOLIC: 2n, TEXTREL: 4n, BIND_NOW: 8n, STATIC_TLS: 16n } as const;

/** Low half of st_info. */
export const STT = {
  NOTYPE: 0,
  OBJECT: 1,
  FUNC: 2,
  SECTION: 3,
  FILE: 4,
  COMMON: 5,
  TLS: 6,
  GNU_IFUNC: 10,
} as const;

/** High half of st_info. */
export const STB = { LOCAL: 0, GLOBAL: 1, WEAK: 2, GNU_UNIQUE: 10 } as const;

/** Relocation types; x86-64 psABI 1.0, table 4.9. */
export const R_X86_64 = {
  NONE: 0,
  64: 1,
  PC32: 2,
  GOT32: 3,
  PLT32: 4,
  COPY: 5,
  GLOB_DAT: 6,
  JUMP_SLOT: 7,
  RELATIVE: 8,
  GOTPCREL: 9,
  32: 10,
  '32S': 11,
  16: 12,
  PC16: 13,
  8: 14,
  PC8: 15,
  DTPMOD64: 16,
  DTPOFF64: 17,
  TPOFF64: 18,
  TLSGD: 19,
  TLSLD: 20,
  DTPOFF32: 21,
  GOTTPOFF: 22,
  TPOFF32: 23,
  PC64: 24,
  GOTOFF64: 25,
  GOTPC32: 26,
  SIZE32: 32,
  SIZE64: 33,
  GOTPC32_TLSDESC: 34,
  TLSDESC_CALL: 35,
  TLSDESC: 36,
  IRELATIVE: 37,
  RELATIVE64: 38,
  GOTPCRELX: 41,
  REX_GOTPCRELX: 42,
} as const;

/** `PREFIX_NAME` of a number, or `PREFIX_0x…` for one that the table does not know. */
export function nameOf(prefix: string, table: Readonly<Record<string, number>>, value: number): string {
  const known = Object.entries(table).find(([, number]) => number === value);
  return `${prefix}_${known === undefined ? `0x${value.toString(16)}` : known[0]}`;
}
