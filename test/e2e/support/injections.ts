// SPDX-License-Identifier: Apache-2.0
// Every vector, injected by a host into ring 0, into ring 3, and between the two, and how the Keep must end (SECURITY.md, 13, 17).
import { readElf } from '@motte/elf/read';
import { readSymbols, symbolTable } from '@motte/elf/symbols';
import { bytesSource } from '@motte/binary/source';
import { LIE_EVENT, LIE_KIND, LIE_WHERE } from '@motte/loader/protocol/messages';
import { shimPath } from '@motte/loader/prebuilt';
import { VM_MAP } from '@motte/plan/vm/map';
import { VECTOR_SIGNALS } from '@motte/test-helpers/vector-signals';
import { readFileSync } from 'node:fs';
import type { PlainLie, VmRun } from './vm-run.js';

/** A Keep of injected.c, what its host injects, and how it must end: several where CPUs differ. */
export interface Injection {
  readonly name: string;
  readonly run: Pick<VmRun, 'tee' | 'shim' | 'args' | 'lies'>;
  readonly ended: readonly string[];
  readonly out: string;
  /** What the reason has, and what it must not have. */
  readonly says?: RegExp;
  readonly hides?: RegExp;
}

type Kind = Pick<VmRun, 'tee' | 'shim'>;
const KVM: Kind = {};
const DEBUG: Kind = { shim: 'vm-debug' };
const SNP: Kind = { tee: 'snp' };

const [NMI, PF, VC, SHOOTDOWN, LINUX] = [2, 14, 29, 32, 0x80];
const ALL = [...Array(SHOOTDOWN + 1).keys(), LINUX];
const WITH_CODE = [8, 10, 11, 12, 13, PF, 17, 21, VC, 30];
/** QEMU pushes none for these, as a host that leaves it out: then the frame is not where it should be. */
const CODE_LEFT_OUT = [21, VC, 30];
/** Of a page fault: ring 3 has read what is not there. */
const READ_BY_RING3 = 4;

const FAULT = 'refused SHIM_FAULT';
const ODD = 'refused EXCEPTION';
const REPORT = / in ring 0, error code 0x[0-9a-f]+, CR2 0x[0-9a-f]+; RIP 0x1000[0-9a-f]{5}, RSP /u;
const NO_REPORT = /RIP|RSP|CR2|vector/u;

const GO = 'go\n';

function event(vector: number, where: number, at = 0, nth = 1): readonly PlainLie[] {
  const code = WITH_CODE.includes(vector) ? LIE_EVENT.HAS_CODE : 0;
  const value =
    BigInt(vector | code) | (BigInt(vector === PF ? READ_BY_RING3 : 0) << BigInt(LIE_EVENT.CODE_SHIFT));
  return [{ number: 1, nth, kind: LIE_KIND.EVENT, value: `${value}`, at: `${at}`, size: where }];
}

/** A vector without a gate is #GP: of the outside, where the CPU says so. */
function inRing3(vector: number): readonly string[] {
  return vector === LINUX ? ['signalled 11', ODD] : [ODD];
}

function inRing0(vector: number): readonly string[] {
  return CODE_LEFT_OUT.includes(vector) ? [FAULT, ODD] : [FAULT];
}

const kindName = ({ tee = 'kvm', shim }: Kind): string => `${tee}${shim === undefined ? '' : ', debug'}`;

function ring0(kind: Kind, vectors: readonly number[]): Injection[] {
  const told = kind === KVM ? { hides: NO_REPORT } : {};
  return vectors.map((vector) => ({
    name: `${kindName(kind)}: vector ${vector} in ring 0`,
    run: { ...kind, args: [], lies: event(vector, LIE_WHERE.RING0) },
    ended: inRing0(vector),
    out: GO,
    ...(told.hides === undefined && !CODE_LEFT_OUT.includes(vector) ? { says: REPORT } : told),
  }));
}

/** Those that end the Keep, one for each. */
function ring3(kind: Kind, vectors: readonly number[]): Injection[] {
  return vectors.map((vector) => ({
    name: `${kindName(kind)}: vector ${vector} in ring 3`,
    run: { ...kind, args: [], lies: event(vector, LIE_WHERE.RING3) },
    ended: inRing3(vector),
    out: GO,
  }));
}

/** Those that are signals, and the shoot-down, of which the program hears nothing: one after the other. */
function signals(kind: Kind, vectors: readonly number[]): Injection {
  const seen = vectors.map((vector) => `${VECTOR_SIGNALS[vector] ?? 0}\n`);
  return {
    name: `${kindName(kind)}: vectors ${vectors.join(', ')} in ring 3`,
    run: {
      ...kind,
      args: ['signals', `${vectors.length}`],
      lies: vectors.flatMap((vector, i) => event(vector, LIE_WHERE.RING3, 0, i + 1)),
    },
    ended: ['exited 7'],
    out: GO.repeat(vectors.length) + seen.join(''),
  };
}

interface Place {
  readonly name: string;
  readonly at: number;
  readonly args: readonly string[];
}

const SWAPGS = '0f01f8';
const LFENCE = '0faee8';
const IRETQ = '48cf';

/** Instructions of the shim, by symbols and what is behind them. */
class Shim {
  readonly #bytes = readFileSync(shimPath('vm.elf'));
  readonly #symbols: ReadonlyMap<string, number>;

  constructor() {
    const elf = readElf(bytesSource(this.#bytes));
    const table = symbolTable(elf);
    const symbols = table === undefined ? [] : [...readSymbols(elf, table)];
    this.#symbols = new Map(symbols.map(({ name, value }) => [name, Number(value)]));
  }

  at(name: string): number {
    const value = this.#symbols.get(name);
    if (value === undefined) throw new Error(`the shim has no symbol ${name}`);
    return value;
  }

  /** Where the shim's code lies in its file is where it lies in memory, as for all of its segments. */
  after(name: string, code: string, skip = 0): number {
    const at = this.#bytes.indexOf(Buffer.from(code, 'hex'), this.at(name));
    if (at < 0 || at > this.at(name) + 256) throw new Error(`${name} has no ${code}`);
    return at + skip;
  }
}

/** Instructions at which neither GS nor RSP, or not both, are the shim's. */
function places(): readonly Place[] {
  const shim = new Shim();
  const call = shim.at('trap_system_call');
  const shimStack = `${VM_MAP.BASE + shim.at('change') + 0x100}`;
  return [
    { name: 'SYSCALL has come, and nothing is switched', at: call, args: [] },
    { name: 'SYSCALL has come with RSP in the shim', at: call, args: ['stack', shimStack] },
    { name: 'GS is switched, RSP is not', at: call + SWAPGS.length / 2, args: ['stack', shimStack] },
    {
      name: 'an exception has come, and GS is not switched',
      at: shim.after('trap_exception', SWAPGS),
      args: ['fault'],
    },
    {
      name: 'an exception has come, and GS is switched',
      at: shim.after('trap_exception', LFENCE, 3),
      args: ['fault'],
    },
    { name: 'an exception is looked at', at: shim.at('trap_handle'), args: ['fault'] },
    { name: 'GS is switched back', at: shim.after('trap_return', `${LFENCE}48cf`), args: [] },
    { name: 'IRET comes next', at: shim.after('trap_return', `${LFENCE}48cf`, 3), args: [] },
  ];
}

/** The same in ring 0 on a KVM in software, which is there between the exec and the shim. */
function pvmPlaces(): readonly Place[] {
  const shim = new Shim();
  const start = shim.at('pvm_breakpoint');
  return [
    { name: 'INT3 has come', at: start, args: [] },
    { name: 'the shim is in CR3 and the exec in GS', at: shim.after('pvm_breakpoint', SWAPGS), args: [] },
    { name: 'IRET to the shim comes next', at: shim.after('pvm_breakpoint', IRETQ), args: [] },
    { name: 'another exception has come', at: shim.at('pvm_exception'), args: ['fault'] },
    { name: 'it is the shim’s to look at', at: shim.after('pvm_exception', SWAPGS), args: ['fault'] },
  ];
}

/** A vector, one after the other, at each place. */
function between(kind: Kind, vectors: readonly number[], where: readonly Place[]): Injection[] {
  return where.map(({ name, at, args }, i) => {
    const vector = vectors[i % vectors.length] ?? PF;
    return {
      name: `${kindName(kind)}: vector ${vector} when ${name}`,
      run: { ...kind, args, lies: event(vector, LIE_WHERE.OFFSET, at) },
      ended: inRing0(vector),
      out: GO,
    };
  });
}

const isSignal = (vector: number): boolean => VECTOR_SIGNALS[vector] !== undefined || vector === SHOOTDOWN;

export const RING0: readonly Injection[] = ring0(KVM, ALL);

export const RING3: readonly Injection[] = [
  ...ring3(
    KVM,
    ALL.filter((vector) => !isSignal(vector)),
  ),
  signals(KVM, ALL.filter(isSignal)),
];

/** Where it matters most, and in other Keeps. */
export const BETWEEN: readonly Injection[] = [
  ...between(KVM, [1, PF, NMI], places()),
  ...ring0(DEBUG, [NMI, 8, PF]),
  ...ring0(SNP, [PF, VC, SHOOTDOWN]),
  ...ring3(SNP, [NMI, 3, 4]),
  signals(SNP, [0, 6, PF, SHOOTDOWN]),
  ...between(SNP, [NMI, 13], places()),
];

/** What there is of plain KVM on one in software. */
export const PVM: readonly Injection[] = [
  ...RING0,
  ...RING3,
  ...ring0(DEBUG, [NMI, 8, PF]),
  ...between(KVM, [1, PF, NMI, 13, 8], pvmPlaces()),
];
