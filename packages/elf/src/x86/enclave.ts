// SPDX-License-Identifier: Apache-2.0
// Instructions that fault in an enclave and nowhere else in user space: Intel SDM 332831 vol. 3D, "Illegal Instructions
// Inside an Enclave". What is privileged everywhere (HLT, CLI, LGDT) is not here: no program meets it by running in a Keep.
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
  /** Only with a memory operand. */
  readonly memory?: true;
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
  { name: 'invd', patterns: [{ map: 1, from: 0x08 }] },
  { name: 'sldt', patterns: [{ map: 1, from: 0x00, reg: 0 }] },
  { name: 'str', patterns: [{ map: 1, from: 0x00, reg: 1 }] },
  { name: 'verr', patterns: [{ map: 1, from: 0x00, reg: 4 }] },
  { name: 'verw', patterns: [{ map: 1, from: 0x00, reg: 5 }] },
  { name: 'lar', patterns: [{ map: 1, from: 0x02 }] },
  { name: 'sgdt', patterns: [{ map: 1, from: 0x01, reg: 0, memory: true }] },
  { name: 'sidt', patterns: [{ map: 1, from: 0x01, reg: 1, memory: true }] },
  { name: 'smsw', patterns: [{ map: 1, from: 0x01, reg: 4 }] },
  { name: 'vmcall', patterns: [{ map: 1, from: 0x01, modrm: 0xc1 }] },
  { name: 'vmfunc', patterns: [{ map: 1, from: 0x01, modrm: 0xd4 }] },
  { name: 'encls', patterns: [{ map: 1, from: 0x01, modrm: 0xcf }] },
  { name: 'enclv', patterns: [{ map: 1, from: 0x01, modrm: 0xc0 }] },
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
  { name: 'far call', patterns: [{ map: 0, from: 0xff, reg: 3, memory: true }] },
  { name: 'far jmp', patterns: [{ map: 0, from: 0xff, reg: 5, memory: true }] },
  { name: 'far ret', patterns: [{ map: 0, from: 0xca, to: 0xcb }] },
  { name: 'mov to a segment register', patterns: [{ map: 0, from: 0x8e }] },
  {
    name: 'pop to a segment register',
    patterns: [
      { map: 1, from: 0xa1 },
      { map: 1, from: 0xa9 },
    ],
  },
  { name: 'lss', patterns: [{ map: 1, from: 0xb2, memory: true }] },
  { name: 'lfs', patterns: [{ map: 1, from: 0xb4, memory: true }] },
  { name: 'lgs', patterns: [{ map: 1, from: 0xb5, memory: true }] },
];

function matches(pattern: Pattern, { map, opcode, modrm }: Instruction): boolean {
  if (pattern.map !== map || opcode < pattern.from || opcode > (pattern.to ?? pattern.from)) return false;
  if (pattern.reg !== undefined && ((modrm >> 3) & 7) !== pattern.reg) return false;
  if (pattern.modrm !== undefined && modrm !== pattern.modrm) return false;
  return pattern.memory !== true || modrm >> 6 !== 3;
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
