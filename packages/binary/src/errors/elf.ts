// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/elf`. */
export const ELF_ERRORS = {
  ELF_MAGIC: {
    exit: 2,
    reason: 'The file does not start with the four bytes of an ELF file.',
    fix: 'Give the program itself, not a script, an archive or an object of another system.',
  },
  ELF_CLASS: {
    exit: 2,
    reason: 'The ELF file is not a 64-bit one.',
    fix: 'Build for x86-64, without -m32 and not for the x32 ABI.',
  },
  ELF_ENDIAN: {
    exit: 2,
    reason: 'The ELF file is not little-endian.',
    fix: 'Build for x86-64.',
  },
  ELF_VERSION: {
    exit: 2,
    reason: 'The ELF version is not 1, the only one there is.',
    fix: 'The file is damaged; get it again from where it was built.',
  },
  ELF_HEADER_SIZE: {
    exit: 2,
    reason: 'A header of the ELF file does not have the size that ELF64 gives it.',
    fix: 'The file is damaged; get it again from where it was built.',
  },
  ELF_NUMBERING: {
    exit: 2,
    reason: 'The number of program headers or sections is contradictory, or stands outside the file header.',
    fix: 'Strip the file, or link it with fewer sections; an executable never has more than 65,000 of them.',
  },
  ELF_TRUNCATED: {
    exit: 2,
    reason: 'The file ends before a header, a segment or a section of it does.',
    fix: 'Copy or download the file again, whole.',
  },
  ELF_SEGMENT_SIZE: {
    exit: 2,
    reason: 'A segment has more bytes in the file than in memory.',
    fix: 'The file is damaged, or is no executable; get it again from where it was built.',
  },
  ELF_SEGMENT_ALIGN: {
    exit: 2,
    reason: 'The alignment of a segment is no power of two, or its address and offset do not agree with it.',
    fix: 'Link with the linker as it is, without a script that places segments by hand.',
  },
  ELF_SEGMENT_ORDER: {
    exit: 2,
    reason: 'The loadable segments overlap, or are not in ascending order of their addresses.',
    fix: 'Link again; linkers write them in order, so the file was changed afterwards.',
  },
  ELF_SEGMENT_DUPLICATE: {
    exit: 2,
    reason: 'The file has two segments of a type of which it may have one.',
    fix: 'Link again; linkers write one, so the file was changed afterwards.',
  },
  ELF_SECTION_ALIGN: {
    exit: 2,
    reason: 'The alignment of a section is no power of two, or its address is no multiple of it.',
    fix: 'The file is damaged; get it again, or remove its section headers (llvm-objcopy --strip-sections).',
  },
  ELF_SECTION_NULL: {
    exit: 2,
    reason: 'Section 0, which means no section, is not all zeros.',
    fix: 'The file is damaged; get it again, or remove its section headers (llvm-objcopy --strip-sections).',
  },
  ELF_SECTION_NAMES: {
    exit: 2,
    reason: 'The section that should hold the names of the sections is none, or is no string table.',
    fix: 'The file is damaged; get it again, or remove its section headers (llvm-objcopy --strip-sections).',
  },
  ELF_STRING: {
    exit: 2,
    reason: 'A name lies outside its string table, does not end in it, is too long, or is not UTF-8.',
    fix: 'The file is damaged; get it again from where it was built.',
  },
  ELF_ADDRESS: {
    exit: 2,
    reason: 'The dynamic section names an address at which the file loads nothing.',
    fix: 'Link again; a tool has moved segments without the dynamic section.',
  },
  ELF_DYNAMIC: {
    exit: 2,
    reason:
      'The dynamic section is malformed: its size, its end, a tag or the size of a table that it names.',
    fix: 'Link again; the file is damaged or a tool has edited its dynamic section.',
  },
  ELF_NOTE: {
    exit: 2,
    reason: 'A note passes the end of the section or segment that holds it, or its name is malformed.',
    fix: 'The file is damaged, or the section is not one of notes.',
  },
  ELF_RELOCATION: {
    exit: 2,
    reason: 'A relocation is malformed, or changes memory that the file does not load.',
    fix: 'Link again; the file is damaged or a tool has edited its relocations.',
  },
  ELF_SYMBOL: {
    exit: 2,
    reason: 'A symbol table is malformed: its size, its string table or the section of a symbol.',
    fix: 'Strip the file, or link it again.',
  },
  ELF_WRITE: {
    exit: 2,
    reason: 'The parts of an ELF file that should be written overlap or do not fit.',
    fix: 'Give each part its own range of the file, and each table the number of its entries.',
  },
  ELF_NOT_PIE: {
    exit: 2,
    reason: 'The program is linked for fixed addresses (ET_EXEC); a Keep needs one that runs anywhere.',
    fix: 'Link it as a static PIE: gcc -static-pie -fPIE, or rustc -C target-feature=+crt-static.',
  },
  ELF_NOT_PROGRAM: {
    exit: 2,
    reason: 'The ELF file is no program: an object file, a core dump or something else.',
    fix: 'Give the linked program: gcc -static-pie.',
  },
  ELF_MACHINE: {
    exit: 2,
    reason: 'The program is for another processor than x86-64.',
    fix: 'Build it for x86-64.',
  },
  ELF_INTERP: {
    exit: 2,
    reason: 'The program asks for a dynamic loader (PT_INTERP), which would come from the host.',
    fix: 'Link it statically: gcc -static-pie. Debian ignores that in musl-gcc: use ld -static -pie --no-dynamic-linker.',
  },
  ELF_NEEDED: {
    exit: 2,
    reason: 'The program needs a shared library (DT_NEEDED), which would come from the host.',
    fix: 'Link it statically: gcc -static-pie, with the static library (libNAME.a) installed.',
  },
  ELF_TEXTREL: {
    exit: 2,
    reason: 'The program has text relocations: it would change pages that are not writable.',
    fix: 'Compile everything with -fPIE and link with -z text, which names the object at fault.',
  },
  ELF_WRITE_EXECUTE: {
    exit: 2,
    reason: 'A segment is both writable and executable.',
    fix: 'Link without -N and without --omagic; code and data belong in segments of their own.',
  },
  ELF_WRITE_ONLY: {
    exit: 2,
    reason: 'A segment is writable and not readable, which no x86-64 page can be.',
    fix: 'Link with the linker as it is, without a script that sets the flags of segments.',
  },
  ELF_NO_PERMISSIONS: {
    exit: 2,
    reason:
      'A segment permits nothing, and what an enclave page does not permit when it is added the host never maps.',
    fix: 'Link with the linker as it is; memory that nothing may touch is what mmap with PROT_NONE gives.',
  },
  ELF_STACK_EXECUTABLE: {
    exit: 2,
    reason: 'The program asks for an executable stack (PT_GNU_STACK).',
    fix: 'Link with -z noexecstack; an assembly file without .note.GNU-stack is the usual cause.',
  },
  ELF_NO_LOAD: {
    exit: 2,
    reason: 'The file has nothing to load (no PT_LOAD with memory).',
    fix: 'Give the linked program, not its separated debug information.',
  },
  ELF_ALIGNMENT: {
    exit: 2,
    reason: 'A loadable segment wants an alignment over 2 MiB, or one below a page.',
    fix: 'Link with -z max-page-size=4096.',
  },
  ELF_PAGE_SHARED: {
    exit: 2,
    reason: 'Two loadable segments lie on one page, which can have the permissions of one only.',
    fix: 'Link with -z max-page-size=4096 -z separate-code.',
  },
  ELF_ENTRY: {
    exit: 2,
    reason: 'The entry lies outside the executable segments.',
    fix: 'Give a program with a start (_start), not a shared library.',
  },
  ELF_NOT_LOADED: {
    exit: 2,
    reason: 'A part that the program reads when it runs is not loaded where its program header says.',
    fix: 'Link with the linker as it is, without a script that leaves the headers out of the first segment.',
  },
  ELF_SHIM_BASE: {
    exit: 2,
    reason: 'The shim does not start at address 0, or a segment of it does not start on a page.',
    fix: 'Link it with the linker script of shims/, which places every segment.',
  },
  ELF_SHIM_RELOCATION: {
    exit: 2,
    reason: 'The shim has another relocation than R_X86_64_RELATIVE with a target within itself.',
    fix: 'Compile with -fPIE -fvisibility=hidden, and link with -static-pie -z norelro --no-dynamic-linker.',
  },
  ELF_SHIM_TLS: {
    exit: 2,
    reason: 'The shim has thread-local storage, which nobody sets up for it.',
    fix: 'Keep what belongs to a thread in the thread page.',
  },
  ELF_SHIM_USER: {
    exit: 2,
    reason: 'The shim of a VM-based Keep has no page of code for ring 3, or one with something else in it.',
    fix: 'Put the direct entry into section .user, and that section into a PT_LOAD of its own.',
  },
  ELF_SHIM_SITES: {
    exit: 2,
    reason: 'Section .motte.sites lists something that is not one of the instructions which it is for.',
    fix: 'List a site by the macros of shims/core alone; they emit the instruction and its record together.',
  },
} as const;
