// SPDX-License-Identifier: Apache-2.0
// .eh_frame: which function an address is in, and the program that says how to leave it. LSB 5.0, 10.6; DWARF 4, 6.4.
import { readBytes } from '@motte/binary/source';
import type { Elf } from '@motte/elf/types';
import { Reader } from './reader.js';

/** What all functions of a unit share (CIE). */
export interface Common {
  readonly codeAlign: bigint;
  readonly dataAlign: bigint;
  /** The column of the return address. */
  readonly returnColumn: number;
  readonly encoding: number;
  /** Its functions have augmentation data. */
  readonly hasData: boolean;
  /** The frame of a signal: the address in it is that of the next instruction, not after a call. */
  readonly signal: boolean;
  readonly program: Reader;
}

/** A function (FDE). */
export interface Frame {
  readonly common: Common;
  readonly start: bigint;
  readonly length: bigint;
  readonly program: Reader;
}

/** Largest .eh_frame that is read. */
const MOST = 1 << 26;

function readCommon(body: Reader): Common {
  body.u8(); // version 1 or 3
  const augmentation = body.text();
  const codeAlign = body.uleb();
  const dataAlign = body.sleb();
  const returnColumn = Number(body.uleb());
  let encoding = 0;
  const hasData = augmentation.startsWith('z');
  if (hasData) {
    const data = body.part(Number(body.uleb()));
    for (const letter of augmentation.slice(1)) {
      if (letter === 'R') encoding = data.u8();
      else if (letter === 'L') data.u8();
      else if (letter === 'P') data.pointer(data.u8());
    }
  }
  return {
    codeAlign,
    dataAlign,
    returnColumn,
    encoding,
    hasData,
    signal: augmentation.includes('S'),
    program: body,
  };
}

function readFrame(body: Reader, common: Common): Frame {
  const start = body.pointer(common.encoding);
  const length = body.length(common.encoding);
  if (common.hasData) body.part(Number(body.uleb()));
  return { common, start, length, program: body };
}

/** The functions of a program by address, ascending; none where it has no .eh_frame. Throws ELF_TRUNCATED. */
export function readFrames(elf: Elf): Frame[] {
  const section = elf.sections.find(({ name }) => name === '.eh_frame');
  if (section === undefined || section.size > MOST) return [];
  const bytes = readBytes(elf.source, section.offset, section.size);
  const reader = new Reader(bytes, section.addr);
  const commons = new Map<number, Common>();
  const frames: Frame[] = [];
  while (reader.at + 4 <= reader.end) {
    const from = reader.at;
    const length = reader.u32();
    if (length === 0) break;
    const body = reader.part(length);
    const here = body.at;
    const id = body.u32();
    if (id === 0) commons.set(from, readCommon(body));
    else {
      const common = commons.get(here - id);
      if (common !== undefined) frames.push(readFrame(body, common));
    }
  }
  return frames.sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
}

/** The function that covers an address. */
export function frameAt(frames: readonly Frame[], address: bigint): Frame | undefined {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle] as Frame).start <= address) low = middle + 1;
    else high = middle;
  }
  const frame = frames[low - 1];
  return frame !== undefined && address - frame.start < frame.length ? frame : undefined;
}
