// SPDX-License-Identifier: Apache-2.0
// Where instructions begin and end: Intel SDM 253666 vol. 2A chapter 2 (formats) and vol. 2D appendix A (opcode maps),
// 64-bit mode. Of operands it knows no more than how many bytes they take.

/** How the bytes after an opcode are laid out. */
interface Form {
  readonly modrm: boolean;
  /** Bytes of the immediate; `z`: 4, or 2 with an operand size prefix; `v`: as `z`, but 8 with REX.W; `a`: an address. */
  readonly immediate: number | 'z' | 'v' | 'a';
}

/** An instruction as far as its bytes tell. */
export interface Instruction {
  /** 0: no instruction that the maps have. */
  readonly length: number;
  /** 0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A; others are of VEX, EVEX and XOP. */
  readonly map: number;
  readonly opcode: number;
  /** -1 where there is none. */
  readonly modrm: number;
  /** Whether VEX, EVEX or XOP stand for prefixes: these are other instructions than those of the plain maps. */
  readonly vex: boolean;
  /** Whether F3 stands before it, which makes other instructions of some opcodes. */
  readonly f3: boolean;
}

const NONE: Form = { modrm: false, immediate: 0 };
const MODRM: Form = { modrm: true, immediate: 0 };
const MODRM_8: Form = { modrm: true, immediate: 1 };
const MODRM_Z: Form = { modrm: true, immediate: 'z' };

/** A map of opcodes, from `first-last:form` in hex; what is not named is no instruction in 64-bit mode. */
function table(forms: readonly (readonly [opcodes: string, form: Form])[]): readonly (Form | undefined)[] {
  const map: (Form | undefined)[] = Array.from({ length: 256 }, () => undefined);
  for (const [opcodes, form] of forms)
    for (const range of opcodes.split(' ')) {
      const [first = 0, last = first] = range.split('-').map((text) => Number.parseInt(text, 16));
      map.fill(form, first, last + 1);
    }
  return map;
}

/** Table A-2. F6 and F7 have an immediate for TEST alone. */
const ONE_BYTE = table([
  ['00-03 08-0b 10-13 18-1b 20-23 28-2b 30-33 38-3b 63 84-8f d0-d3 d8-df f6 f7 fe ff', MODRM],
  ['04 0c 14 1c 24 2c 34 3c 6a 70-7f a8 b0-b7 cd e0-e7 eb', { modrm: false, immediate: 1 }],
  ['05 0d 15 1d 25 2d 35 3d 68 a9', { modrm: false, immediate: 'z' }],
  ['50-5f 6c-6f 90-99 9b-9f a4-a7 aa-af c3 c9 cb cc cf d7 ec-ef f1 f4 f5 f8-fd', NONE],
  ['69 81 c7', MODRM_Z],
  ['6b 80 83 c0 c1 c6', MODRM_8],
  ['a0-a3', { modrm: false, immediate: 'a' }],
  ['b8-bf', { modrm: false, immediate: 'v' }],
  ['c2 ca', { modrm: false, immediate: 2 }],
  ['c8', { modrm: false, immediate: 3 }],
  ['e8 e9', { modrm: false, immediate: 4 }],
]);

/** Table A-3. 0F is AMD's 3DNow!, which has its opcode where others have an immediate. */
const TWO_BYTE = table([
  ['05-09 0b 0e 30-35 37 77 a0-a2 a8-aa c8-cf', NONE],
  ['80-8f', { modrm: false, immediate: 4 }],
  ['0f 70-73 a4 ac ba c2 c4-c6', MODRM_8],
  ['00-03 0d 10-23 28-2f 40-6f 74-76 78-7f 90-9f a3 a5 ab ad-af b0-b9 bb-c1 c3 c7 d0-ff', MODRM],
]);

const MAP_38 = table([['00-ff', MODRM]]);
const MAP_3A = table([['00-ff', MODRM_8]]);

/** The maps of VEX and EVEX: as their namesakes, but everything has a ModRM except VZEROUPPER and VZEROALL. */
const VEX_0F = table([
  ['00-6f 74-76 78-c1 c3 c7-ff', MODRM],
  ['70-73 c2 c4-c6', MODRM_8],
  ['77', NONE],
]);

/** Each map by the number that VEX, EVEX and XOP give it; 5 and 6 are of EVEX, 8 to 10 of XOP. */
const VEX_MAPS: Readonly<Record<number, readonly (Form | undefined)[]>> = {
  1: VEX_0F,
  2: MAP_38,
  3: MAP_3A,
  5: MAP_38,
  6: MAP_38,
  8: MAP_3A,
  9: MAP_38,
  10: table([['00-ff', { modrm: true, immediate: 4 }]]),
};

/** The CPU takes no longer instruction. */
const MOST_BYTES = 15;

const OPERAND_SIZE = 0x66;
const ADDRESS_SIZE = 0x67;
const REPNE = 0xf2;
const REP = 0xf3;
const PREFIXES: ReadonlySet<number> = new Set([
  0x26,
  0x2e,
  0x36,
  0x3e,
  0x64,
  0x65,
  OPERAND_SIZE,
  ADDRESS_SIZE,
  0xf0,
  REPNE,
  REP,
]);

/** Bytes of ModRM, SIB and displacement; `at` is where the ModRM lies. */
function addressLength(bytes: Uint8Array, at: number): number {
  const modrm = bytes[at] ?? 0;
  const mod = modrm >> 6;
  if (mod === 3) return 1;
  const sib = (modrm & 7) === 4;
  const base = sib ? (bytes[at + 1] ?? 0) & 7 : modrm & 7;
  const displacement = mod === 1 ? 1 : mod === 2 || base === 5 ? 4 : 0;
  return 1 + (sib ? 1 : 0) + displacement;
}

interface Opcode {
  readonly at: number;
  readonly map: number;
  readonly vex: boolean;
  readonly forms: readonly (Form | undefined)[] | undefined;
}

/** Where the opcode itself lies, and which map it is of; `at` is the first byte after the prefixes. */
function findOpcode(bytes: Uint8Array, at: number, rex: boolean): Opcode {
  const [first = 0, second = 0] = bytes.subarray(at, at + 2);
  const coded = (map: number, length: number): Opcode => ({
    at: at + length,
    map,
    vex: true,
    // After REX there is none of these.
    forms: rex ? undefined : VEX_MAPS[map],
  });
  if (first === 0xc5) return coded(1, 2);
  if (first === 0xc4) return coded(second & 0x1f, 3);
  if (first === 0x62) return coded(second & 7, 4);
  // 8F with what can be no POP.
  if (first === 0x8f && (second & 0x1f) >= 8) return coded(second & 0x1f, 3);
  if (first !== 0x0f) return { at, map: 0, vex: false, forms: ONE_BYTE };
  if (second === 0x38) return { at: at + 2, map: 2, vex: false, forms: MAP_38 };
  if (second === 0x3a) return { at: at + 2, map: 3, vex: false, forms: MAP_3A };
  return { at: at + 1, map: 1, vex: false, forms: TWO_BYTE };
}

/** TEST is the only one of its group with an immediate: F6 /0, /1 and F7 /0, /1. */
function formOf(form: Form, map: number, opcode: number, modrm: number): Form {
  if (map !== 0 || (opcode !== 0xf6 && opcode !== 0xf7) || ((modrm >> 3) & 7) > 1) return form;
  return opcode === 0xf6 ? MODRM_8 : MODRM_Z;
}

function immediateLength(
  immediate: Form['immediate'],
  rexW: boolean,
  narrow: boolean,
  shortAddress: boolean,
): number {
  if (typeof immediate === 'number') return immediate;
  if (immediate === 'a') return shortAddress ? 4 : 8;
  if (immediate === 'v' && rexW) return 8;
  return narrow && !rexW ? 2 : 4;
}

/** MOV to and from control and debug registers has no memory form, whatever ModRM says. */
function isControlMove(map: number, opcode: number): boolean {
  return map === 1 && opcode >= 0x20 && opcode <= 0x23;
}

const NO_INSTRUCTION: Instruction = { length: 0, map: 0, opcode: 0, modrm: -1, vex: false, f3: false };

/** The instruction at `start`; of length 0 where there is none, or its end is not within `bytes`. */
export function decode(bytes: Uint8Array, start: number): Instruction {
  let at = start;
  let narrow = false;
  let shortAddress = false;
  let repeat = 0;
  for (; PREFIXES.has(bytes[at] ?? 0); at++) {
    narrow ||= bytes[at] === OPERAND_SIZE;
    shortAddress ||= bytes[at] === ADDRESS_SIZE;
    if (bytes[at] === REPNE || bytes[at] === REP) repeat = bytes[at] ?? 0; // of several the last one counts
  }
  const byte = bytes[at] ?? 0;
  const rex = byte >> 4 === 4;
  if (rex) at++;
  const found = findOpcode(bytes, at, rex);
  const opcode = bytes[found.at] ?? 0;
  const plain = found.forms?.[opcode];
  if (plain === undefined) return NO_INSTRUCTION;
  const modrm = plain.modrm ? (bytes[found.at + 1] ?? 0) : -1;
  const form = found.vex ? plain : formOf(plain, found.map, opcode, modrm);
  let length = found.at + 1 - start;
  if (form.modrm)
    length += !found.vex && isControlMove(found.map, opcode) ? 1 : addressLength(bytes, found.at + 1);
  length += immediateLength(form.immediate, rex && (byte & 8) !== 0, narrow, shortAddress);
  if (length > MOST_BYTES || start + length > bytes.length) return NO_INSTRUCTION;
  return { length, map: found.map, opcode, modrm, vex: found.vex, f3: repeat === REP };
}
