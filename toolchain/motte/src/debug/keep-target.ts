// SPDX-License-Identifier: Apache-2.0
// A debug Keep as gdb's target: its threads, and its memory by EDBGRD and EDBGWR or by a VM's page tables.
import { PAGE_SIZE } from '@motte/binary/range';
import { CallRegisters } from '@motte/debug/gdb/register-file';
import type { RegisterFile } from '@motte/debug/gdb/register-file';
import type { Halt, Moves, Target, ThreadInfo } from '@motte/debug/gdb/target';
import type { Program } from '@motte/debug/program';
import { tcsOffsets } from '@motte/loader/keep-info';
import type { Keep, Stop } from '@motte/loader/load';
import { STOP_ACTION, STOP_WHY } from '@motte/loader/protocol/debug';
import { vmInfo } from '@motte/loader/vm/launch';
import type { PagePlan } from '@motte/plan/plan';
import { resolve } from 'node:path';
import { memoryOf } from './observer.js';
import { SgxThreads } from './sgx-threads.js';
import type { Threads } from './threads.js';
import { VmThreads } from './vm-threads.js';

/** Where the parts of a Keep are. */
export interface Places {
  readonly program: Program;
  readonly plan: PagePlan;
  /** Offset of the program's first page; the shim is before it. */
  readonly start: bigint;
  /** The program does not wait for the debugger. */
  readonly later: boolean;
}

/** Bytes of a program header. */
const PHDR_SIZE = 56;

/** An entry of the auxiliary vector (getauxval(3)). */
const AT = { NULL: 0n, PHDR: 3n, PHENT: 4n, PHNUM: 5n, PAGESZ: 6n, ENTRY: 9n } as const;

/** What of a process's auxiliary vector tells gdb where the program lies. */
function auxvOf({ elf, bias }: Program): Uint8Array {
  const { phoff, phnum, entry } = elf.header;
  const holds = elf.segments.find(
    ({ type, offset, filesz }) => type === 1 && phoff >= offset && phoff < offset + filesz,
  );
  const headers = holds === undefined ? 0n : bias + holds.vaddr + BigInt(phoff - holds.offset);
  const entries = [
    [AT.PHDR, headers],
    [AT.PHENT, BigInt(PHDR_SIZE)],
    [AT.PHNUM, BigInt(phnum)],
    [AT.PAGESZ, BigInt(PAGE_SIZE)],
    [AT.ENTRY, bias + entry],
    [AT.NULL, 0n],
  ];
  return new Uint8Array(BigUint64Array.from(entries.flat()).buffer);
}

/** gdb's number of the thread of a TCS or a vCPU. */
const idOf = (index: number): number => index + 1;

const WHY: Readonly<Record<number, 'asked' | 'breakpoint' | 'step'>> = {
  [STOP_WHY.ASKED]: 'asked',
  [STOP_WHY.BREAKPOINT]: 'breakpoint',
  [STOP_WHY.STEP]: 'step',
};

function threadsOf(keep: Keep, { plan, start }: Places, target: Pick<Target, 'read' | 'write'>): Threads {
  const { base } = keep;
  const { read, write } = target;
  if (plan.tee === 'sgx') return new SgxThreads({ base, start, tcs: tcsOffsets(plan), read, write });
  const { vcpu_count, vcpu_start } = vmInfo(plan);
  return new VmThreads(keep, { count: Number(vcpu_count), blocks: base + vcpu_start, read });
}

export class KeepTarget implements Target {
  readonly exec: string;
  readonly bias: bigint;
  readonly auxv: Uint8Array;
  readonly #keep: Keep;
  readonly #threads: Threads;
  #stop: Stop | undefined;

  constructor(keep: Keep, places: Places) {
    this.#keep = keep;
    this.exec = resolve(places.program.name);
    this.bias = places.program.bias;
    this.auxv = auxvOf(places.program);
    this.#threads = threadsOf(keep, places, this);
  }

  /** What gdb is told of a stop. */
  halt(stop: Stop): Halt {
    this.#stop = stop;
    const kind = WHY[stop.why];
    const why = kind === undefined ? ({ kind: 'signal', signal: stop.signal } as const) : { kind };
    return { thread: idOf(stop.thread), why };
  }

  /** Those that run a task; a TCS, or a vCPU, stays when its task has ended. */
  async threads(): Promise<readonly ThreadInfo[]> {
    const out: ThreadInfo[] = [];
    for (const index of this.#stop?.threads ?? []) {
      const number = await this.#threads.task(index);
      if (number === undefined || (number === 0 && index !== this.#stop?.thread)) continue;
      const file = await this.registers(idOf(index));
      if (file === undefined) continue;
      const where = file instanceof CallRegisters ? 'in a system call' : 'in the program';
      out.push({ id: idOf(index), doing: `tid ${number}, ${where}` });
    }
    return out;
  }

  /** Whether an instruction of this thread's stopped it. */
  #isOwn(index: number): boolean {
    const stop = this.#stop;
    return stop?.thread === index && (stop.why === STOP_WHY.BREAKPOINT || stop.why === STOP_WHY.STEP);
  }

  registers(thread: number): Promise<RegisterFile | undefined> {
    const index = thread - 1;
    return this.#threads.registers(index, this.#isOwn(index));
  }

  store(thread: number, file: RegisterFile): Promise<boolean> {
    const index = thread - 1;
    return this.#threads.store(index, this.#isOwn(index), file);
  }

  readonly read = (address: bigint, length: number): Promise<Uint8Array> =>
    memoryOf(this.#keep)(address, length);

  readonly write = async (address: bigint, bytes: Uint8Array): Promise<number> => {
    const offset = address - this.#keep.base;
    if (offset < 0n || offset + BigInt(bytes.length) > this.#keep.size) return 0;
    return this.#keep.debugWrite(offset, bytes);
  };

  /** All of them go on. */
  goAll(): void {
    this.go({ threads: new Map(), others: true });
  }

  go({ threads, others }: Moves): void {
    const actions = Uint8Array.from({ length: this.#threads.count }, (_, index) => {
      const move = threads.get(idOf(index));
      if (move === undefined) return others ? STOP_ACTION.GO : STOP_ACTION.HOLD;
      return move === 'step' ? STOP_ACTION.STEP : STOP_ACTION.GO;
    });
    this.#keep.debugGo(actions);
  }

  stop(): void {
    this.#keep.debugStop();
  }

  kill(): void {
    this.#keep.abort();
  }
}
