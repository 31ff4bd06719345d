// SPDX-License-Identifier: Apache-2.0
// Instructions that fault in an enclave and nowhere else in user space. The list is that of Intel SDM 332831 vol. 3D, table
// 39-1 "Illegal Instructions Inside an Enclave", which the SGX SDK's Developer Reference has as well, and of section 39.6.1
// (RDTSC, RDTSCP); those of user interrupts say "#UD if executed inside an enclave" on their own pages of vol. 2 (325383).
// Not here: what is #UD or #GP at CPL 3 everywhere (HLT, INVD, ENCLS, MOV to CR), as no program meets it by running in a
// Keep; what vol. 3D does not forbid, though it tells of segments (LAR, LSL, VERR, and VERW, which Intel's own SDK executes
// in enclaves, INTEL-SA-00615) or of waiting (PAUSE, UMONITOR, UMWAIT, TPAUSE); and ENCLU, whose leaf is in a register.
import type { Instruction } from './decode.js';

/** An opcode, and what its ModRM must be. */
interface Pattern {
  readonly map: 0 | 1;
  readonly from: number;
  readonly to?: number;
  /** Bits 5:3 of ModRM. */
  readonly reg?: number;
  /** The whole of ModRM. */
  readonly modrm?: number;
  /** Only with a memory operand, or only with a register. */
  readonly operand?: 'memory' | 'register';
  /** Only behind F3: without it the same bytes are another instruction. */
  readonly f3?: true;
}

/** Why it faults, and what becomes of the program. */
export interface Faulting {
  readonly name: string;
  readonly patterns: readonly Pattern[];
  /** The shim does in its place what it does. */
  readonly served?: true;
  /** Legal from SGX2 on. */
  readonly sgx1?: true;
}

export const FAULTING: readonly Faulting[] = [
  { name: 'syscall', patterns: [{ map: 1, from: 0x05 }], served: true },
  { name: 'cpuid', patterns: [{ map: 1, from: 0xa2 }], served: true },
  { name: 'sysenter', patterns: [{ map: 1, from: 0x34 }] },
  { name: 'int', patterns: [{ map: 0, from: 0xcd }] },
  { name: 'iret', patterns: [{ map: 0, from: 0xcf }] },
  { name: 'rdtsc', patterns: [{ map: 1, from: 0x31 }], sgx1: true },
  { name: 'rdtscp', patterns: [{ map: 1, from: 0x01, modrm: 0xf9 }], sgx1: true },
  { name: 'rdpmc', patterns: [{ map: 1, from: 0x33 }] },
  { name: 'getsec', patterns: [{ map: 1, from: 0x37 }] },
  { name: 'sldt', patterns: [{ map: 1, from: 0x00, reg: 0 }] },
  { name: 'str', patterns: [{ map: 1, from: 0x00, reg: 1 }] },
  { name: 'sgdt', patterns: [{ map: 1, from: 0x01, reg: 0, operand: 'memory' }] },
  { name: 'sidt', patterns: [{ map: 1, from: 0x01, reg: 1, operand: 'memory' }] },
  { name: 'smsw', patterns: [{ map: 1, from: 0x01, reg: 4 }] },
  { name: 'vmcall', patterns: [{ map: 1, from: 0x01, modrm: 0xc1 }] },
  { name: 'vmfunc', patterns: [{ map: 1, from: 0x01, modrm: 0xd4 }] },
  { name: 'uiret', patterns: [{ map: 1, from: 0x01, modrm: 0xec, f3: true }] },
  { name: 'testui', patterns: [{ map: 1, from: 0x01, modrm: 0xed, f3: true }] },
  { name: 'clui', patterns: [{ map: 1, from: 0x01, modrm: 0xee, f3: true }] },
  { name: 'stui', patterns: [{ map: 1, from: 0x01, modrm: 0xef, f3: true }] },
  { name: 'senduipi', patterns: [{ map: 1, from: 0xc7, reg: 6, operand: 'register', f3: true }] },
  {
    name: 'in',
    patterns: [
      { map: 0, from: 0xe4, to: 0xe5 },
      { map: 0, from: 0xec, to: 0xed },
    ],
  },
  {
    name: 'out',
    patterns: [
      { map: 0, from: 0xe6, to: 0xe7 },
      { map: 0, from: 0xee, to: 0xef },
    ],
  },
  { name: 'ins', patterns: [{ map: 0, from: 0x6c, to: 0x6d }] },
  { name: 'outs', patterns: [{ map: 0, from: 0x6e, to: 0x6f }] },
  { name: 'far call', patterns: [{ map: 0, from: 0xff, reg: 3, operand: 'memory' }] },
  { name: 'far jmp', patterns: [{ map: 0, from: 0xff, reg: 5, operand: 'memory' }] },
  { name: 'far ret', patterns: [{ map: 0, from: 0xca, to: 0xcb }] },
  { name: 'mov to a segment register', patterns: [{ map: 0, from: 0x8e }] },
  {
    name: 'pop to a segment register',
    patterns: [
      { map: 1, from: 0xa1 },
      { map: 1, from: 0xa9 },
    ],
  },
  { name: 'lss', patterns: [{ map: 1, from: 0xb2, operand: 'memory' }] },
  { name: 'lfs', patterns: [{ map: 1, from: 0xb4, operand: 'memory' }] },
  { name: 'lgs', patterns: [{ map: 1, from: 0xb5, operand: 'memory' }] },
];

function matches(pattern: Pattern, { map, opcode, modrm, f3 }: Instruction): boolean {
  if (pattern.map !== map || opcode < pattern.from || opcode > (pattern.to ?? pattern.from)) return false;
  if (pattern.reg !== undefined && ((modrm >> 3) & 7) !== pattern.reg) return false;
  if (pattern.modrm !== undefined && modrm !== pattern.modrm) return false;
  if (pattern.f3 === true && !f3) return false;
  return pattern.operand === undefined || pattern.operand === (modrm >> 6 === 3 ? 'register' : 'memory');
}

/** By map and opcode: most instructions are none of these. */
const BY_OPCODE: ReadonlyMap<number, readonly Faulting[]> = (() => {
  const index = new Map<number, Faulting[]>();
  for (const one of FAULTING)
    for (const { map, from, to = from } of one.patterns)
      for (let opcode = from; opcode <= to; opcode++) {
        const list = index.get((map << 8) | opcode) ?? [];
        if (!list.includes(one)) list.push(one);
        index.set((map << 8) | opcode, list);
      }
  return index;
})();

/** What is known of an instruction that faults in an enclave of that version of SGX; undefined for the others. */
export function faultOf(instruction: Instruction, sgx: 1 | 2): Faulting | undefined {
  if (instruction.vex) return undefined;
  const candidates = BY_OPCODE.get((instruction.map << 8) | instruction.opcode);
  return candidates?.find(
    (one) =>
      (one.sgx1 !== true || sgx === 1) && one.patterns.some((pattern) => matches(pattern, instruction)),
  );
}
