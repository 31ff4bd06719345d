// SPDX-License-Identifier: Apache-2.0
// Large files to measure, of random bytes or with holes where the zeros are.
import { randomFillSync } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { PAGE_SIZE } from '@motte/binary/range';
import { PF, PT } from '@motte/elf/constants';
import { EHDR, PHDR } from '@motte/elf/layouts';
import { guidBytes } from '@motte/plan/firmware/guid';
import { SEV_SECTION } from '@motte/plan/firmware/sev-metadata';
import { TDVF_HEAD, TDVF_SECTION } from '@motte/plan/tdx/tdvf';
import { built } from '../programs.js';

/** What fills a file. */
export type Filling = 'random' | 'zeros';

const BLOCK = 1 << 24;

/** Writes `size` bytes of `filling` from `from` on. */
function fill(fd: number, from: number, size: number, filling: Filling): void {
  ftruncateSync(fd, from + size);
  if (filling === 'zeros') return;
  const block = new Uint8Array(BLOCK);
  for (let at = 0; at < size; at += BLOCK)
    writeSync(fd, randomFillSync(block), 0, Math.min(BLOCK, size - at), from + at);
}

function writeFile(path: string, size: number, filling: Filling, tail: Uint8Array): void {
  const fd = openSync(path, 'w+');
  try {
    fill(fd, 0, size, filling);
    writeSync(fd, tail, 0, tail.length, size - tail.length);
  } finally {
    closeSync(fd);
  }
}

const FOOTER = '96b582de-1fb2-45f7-baea-a366c55a082d';
const RESET_BLOCK = '00f771de-1a7e-4fcb-890e-68c77e2fb44e';
const SEV_METADATA = 'dc886566-984a-4798-a75e-5585a7bf67cc';
/** Where OVMF's tables lie, from the end: the footer, and what it says of the metadata. */
const FOOTER_FROM_END = 0x20;
const METADATA_FROM_END = 0x400;

/** The last page of an OVMF that SEV-SNP can launch: where vCPUs start, and one section for the CPUID page. */
function ovmfTail(): Uint8Array {
  const tail = new Uint8Array(PAGE_SIZE);
  const view = new DataView(tail.buffer);
  const words = (at: number, ...values: readonly number[]): void =>
    values.forEach((value, i) => view.setUint32(at + 4 * i, value, true));
  let end = PAGE_SIZE - FOOTER_FROM_END;
  const entry = (guid: string, size: number, ...data: readonly number[]): void => {
    tail.set(guidBytes(guid), end - 16);
    view.setUint16(end - 18, size, true);
    words(end - 18 - 4 * data.length, ...data);
    end -= 18 + 4 * data.length;
  };
  // The footer's size covers all entries: its own 18 bytes, and twice 22.
  entry(FOOTER, 18 + 2 * 22);
  entry(RESET_BLOCK, 22, 0x80b004);
  entry(SEV_METADATA, 22, METADATA_FROM_END);
  words(PAGE_SIZE - METADATA_FROM_END, 0x56455341, 28, 1, 1, 0x80d000, PAGE_SIZE, SEV_SECTION.CPUID);
  return tail;
}

/** Firmware of `size` bytes that SEV, SEV-ES and SEV-SNP launch. */
export function writeFirmware(path: string, size: number, filling: Filling): void {
  writeFile(path, size, filling, ovmfTail());
}

/** Firmware of `size` bytes that TDX launches, all but its last page measured. */
export function writeTdvf(path: string, size: number, filling: Filling): void {
  const tail = new Uint8Array(PAGE_SIZE);
  const bytes = size - PAGE_SIZE;
  const section = {
    data_offset: 0,
    raw_size: bytes,
    gpa: 0x1_0000_0000n - BigInt(size),
    mem_size: BigInt(bytes),
    type: 0,
    attributes: 1,
  };
  const length = TDVF_HEAD.size + TDVF_SECTION.size;
  tail.set(TDVF_HEAD.write({ signature: 0x46564454, length, version: 1, count: 1 }));
  tail.set(TDVF_SECTION.write(section), TDVF_HEAD.size);
  new DataView(tail.buffer).setUint32(PAGE_SIZE - 0x20, bytes, true);
  writeFile(path, size, filling, tail);
}

function roundUp(value: bigint): bigint {
  const page = BigInt(PAGE_SIZE);
  return ((value + page - 1n) / page) * page;
}

/** The program `hello` with `size` bytes of data more: a note gives up its place among the program headers. */
export function writeProgram(path: string, size: number, filling: Filling): void {
  const hello = readFileSync(built('hello'));
  const { e_phoff, e_phentsize, e_phnum } = EHDR.read(hello);
  const places = Array.from({ length: e_phnum }, (_, i) => Number(e_phoff) + i * e_phentsize);
  const segments = places.map((at) => ({ at, ...PHDR.read(hello, at) }));
  const ends = segments.filter(({ p_type }) => p_type === PT.LOAD).map((one) => one.p_vaddr + one.p_memsz);
  const place = segments.findLast(({ p_type }) => p_type === PT.NOTE)?.at;
  if (place === undefined) throw new Error('hello has no PT_NOTE');
  const p_offset = roundUp(BigInt(hello.length));
  const p_vaddr = roundUp(ends.reduce((top, end) => (end > top ? end : top)));
  const sizes = { p_filesz: BigInt(size), p_memsz: BigInt(size), p_align: BigInt(PAGE_SIZE) };
  const data = { p_type: PT.LOAD, p_flags: PF.R | PF.W, p_offset, p_vaddr, p_paddr: p_vaddr, ...sizes };
  const fd = openSync(path, 'w');
  try {
    writeSync(fd, hello);
    fill(fd, Number(p_offset), size, filling);
    writeSync(fd, PHDR.write(data), 0, PHDR.size, place);
  } finally {
    closeSync(fd);
  }
}
