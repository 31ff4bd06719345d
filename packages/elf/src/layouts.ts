// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

/** "System V Application Binary Interface", the generic part; docs/SPECS.md. */
const GABI = 'System V gABI 4.1 (Draft, 10 June 2013), chapter';

export const EHDR_FIELDS = [
  { at: 0x00, name: 'ei_magic', type: 'bytes4', doc: '7f 45 4c 46' },
  { at: 0x04, name: 'ei_class', type: 'u8', doc: '2: 64-bit' },
  { at: 0x05, name: 'ei_data', type: 'u8', doc: '1: little-endian' },
  { at: 0x06, name: 'ei_version', type: 'u8', doc: '1: current' },
  { at: 0x07, name: 'ei_osabi', type: 'u8' },
  { at: 0x08, name: 'ei_abiversion', type: 'u8' },
  { at: 0x09, name: 'reserved_009', type: 'bytes7' },
  { at: 0x10, name: 'e_type', type: 'u16' },
  { at: 0x12, name: 'e_machine', type: 'u16' },
  { at: 0x14, name: 'e_version', type: 'u32', doc: '1: current' },
  { at: 0x18, name: 'e_entry', type: 'u64', doc: 'virtual address' },
  { at: 0x20, name: 'e_phoff', type: 'u64', doc: 'file offset of the program headers, or 0' },
  { at: 0x28, name: 'e_shoff', type: 'u64', doc: 'file offset of the section headers, or 0' },
  { at: 0x30, name: 'e_flags', type: 'u32' },
  { at: 0x34, name: 'e_ehsize', type: 'u16', doc: '64' },
  { at: 0x36, name: 'e_phentsize', type: 'u16', doc: '56' },
  { at: 0x38, name: 'e_phnum', type: 'u16' },
  { at: 0x3a, name: 'e_shentsize', type: 'u16', doc: '64' },
  { at: 0x3c, name: 'e_shnum', type: 'u16' },
  { at: 0x3e, name: 'e_shstrndx', type: 'u16', doc: 'section with the section names, or 0' },
] as const;

/** The file header. */
export const EHDR: Layout<typeof EHDR_FIELDS> = layout(
  { name: 'Elf64_Ehdr', size: 0x40, source: `${GABI} 4, ELF Header` },
  EHDR_FIELDS,
);

export const PHDR_FIELDS = [
  { at: 0x00, name: 'p_type', type: 'u32' },
  { at: 0x04, name: 'p_flags', type: 'u32', doc: 'bit 0 execute, 1 write, 2 read' },
  { at: 0x08, name: 'p_offset', type: 'u64', doc: 'file offset' },
  { at: 0x10, name: 'p_vaddr', type: 'u64' },
  { at: 0x18, name: 'p_paddr', type: 'u64' },
  { at: 0x20, name: 'p_filesz', type: 'u64' },
  { at: 0x28, name: 'p_memsz', type: 'u64' },
  { at: 0x30, name: 'p_align', type: 'u64', doc: '0, 1 or a power of two' },
] as const;

/** A program header. */
export const PHDR: Layout<typeof PHDR_FIELDS> = layout(
  { name: 'Elf64_Phdr', size: 0x38, source: `${GABI} 5, Program Header` },
  PHDR_FIELDS,
);

export const SHDR_FIELDS = [
  { at: 0x00, name: 'sh_name', type: 'u32', doc: 'offset into the section names' },
  { at: 0x04, name: 'sh_type', type: 'u32' },
  { at: 0x08, name: 'sh_flags', type: 'u64' },
  { at: 0x10, name: 'sh_addr', type: 'u64' },
  { at: 0x18, name: 'sh_offset', type: 'u64' },
  { at: 0x20, name: 'sh_size', type: 'u64' },
  { at: 0x28, name: 'sh_link', type: 'u32' },
  { at: 0x2c, name: 'sh_info', type: 'u32' },
  { at: 0x30, name: 'sh_addralign', type: 'u64' },
  { at: 0x38, name: 'sh_entsize', type: 'u64' },
] as const;

/** A section header. */
export const SHDR: Layout<typeof SHDR_FIELDS> = layout(
  { name: 'Elf64_Shdr', size: 0x40, source: `${GABI} 4, Section Header` },
  SHDR_FIELDS,
);

export const NHDR_FIELDS = [
  { at: 0x00, name: 'n_namesz', type: 'u32', doc: 'with the terminating NUL, without padding' },
  { at: 0x04, name: 'n_descsz', type: 'u32', doc: 'without padding' },
  { at: 0x08, name: 'n_type', type: 'u32' },
] as const;

/** The head of a note. */
export const NHDR: Layout<typeof NHDR_FIELDS> = layout(
  { name: 'Elf64_Nhdr', size: 0x0c, source: `${GABI} 5, Note Section` },
  NHDR_FIELDS,
);

export const DYN_FIELDS = [
  { at: 0x00, name: 'd_tag', type: 'u64', doc: 'signed in the gABI; no defined tag is negative' },
  { at: 0x08, name: 'd_un', type: 'u64', doc: 'a value or an address, as the tag says' },
] as const;

/** An entry of the dynamic section. */
export const DYN: Layout<typeof DYN_FIELDS> = layout(
  { name: 'Elf64_Dyn', size: 0x10, source: `${GABI} 5, Dynamic Section` },
  DYN_FIELDS,
);

export const RELA_FIELDS = [
  { at: 0x00, name: 'r_offset', type: 'u64' },
  { at: 0x08, name: 'r_type', type: 'u32', doc: 'low half of r_info' },
  { at: 0x0c, name: 'r_sym', type: 'u32', doc: 'high half of r_info' },
  { at: 0x10, name: 'r_addend', type: 'u64', doc: 'signed' },
] as const;

/** A relocation with addend. */
export const RELA: Layout<typeof RELA_FIELDS> = layout(
  { name: 'Elf64_Rela', size: 0x18, source: `${GABI} 4, Relocation` },
  RELA_FIELDS,
);

export const RELR_FIELDS = [
  {
    at: 0x00,
    name: 'r_entry',
    type: 'u64',
    doc: 'even: an address; odd: a bitmap of the 63 words that follow',
  },
] as const;

/** An entry of the packed relative relocations. */
export const RELR: Layout<typeof RELR_FIELDS> = layout(
  { name: 'Elf64_Relr', size: 0x08, source: 'System V gABI 4.3 draft, chapter 4, Relative Relocation Table' },
  RELR_FIELDS,
);

export const SYM_FIELDS = [
  { at: 0x00, name: 'st_name', type: 'u32', doc: 'offset into the linked string table' },
  { at: 0x04, name: 'st_info', type: 'u8', doc: 'binding in the high half, type in the low half' },
  { at: 0x05, name: 'st_other', type: 'u8', doc: 'visibility in bits 0-1' },
  { at: 0x06, name: 'st_shndx', type: 'u16' },
  { at: 0x08, name: 'st_value', type: 'u64' },
  { at: 0x10, name: 'st_size', type: 'u64' },
] as const;

/** A symbol. */
export const SYM: Layout<typeof SYM_FIELDS> = layout(
  { name: 'Elf64_Sym', size: 0x18, source: `${GABI} 4, Symbol Table` },
  SYM_FIELDS,
);
