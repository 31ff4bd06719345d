// SPDX-License-Identifier: Apache-2.0
// A debug Keep as gdb's target: registers out of SSA frames and system calls, memory by EDBGRD and EDBGWR.
import { PAGE_SIZE } from '@motte/binary/range';
import { TCS } from '@motte/binary/sgx/tcs';
import { CallRegisters, FrameRegisters } from '@motte/debug/gdb/register-file';
import type { RegisterFile } from '@motte/debug/gdb/register-file';
import { NUMBER } from '@motte/debug/gdb/registers';
import type { Halt, Moves, Target, ThreadInfo } from '@motte/debug/gdb/target';
import { readWhole } from '@motte/debug/memory';
import type { Program } from '@motte/debug/program';
import type { Keep, Stop } from '@motte/loader/load';
import { STOP_ACTION, STOP_WHY } from '@motte/loader/protocol/debug';
import { SGX_MAP } from '@motte/plan/sgx/map';
import { resolve } from 'node:path';
import { memoryOf } from './observer.js';

/** Where the parts of a Keep are. */
export interface Places {
  readonly program: Program;
  /** Offset of the program's first page; the shim is before it. */
  readonly start: bigint;
  /** Offsets of the TCSs. */
  readonly tcs: readonly bigint[];
  /** The program does not wait for the debugger. */
  readonly later: boolean;
}

/** struct caller (shims/core/include/caller.h). */
const CALLER = ['rip', 'rsp', 'rbx', 'rbp', 'r12', 'r13', 'r14', 'r15'] as const;
const RIP = NUMBER.get('rip') as number;

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

/** gdb's number of the thread of a TCS. */
const idOf = (index: number): number => index + 1;

const WHY: Readonly<Record<number, 'asked' | 'breakpoint' | 'step'>> = {
  [STOP_WHY.ASKED]: 'asked',
  [STOP_WHY.BREAKPOINT]: 'breakpoint',
  [STOP_WHY.STEP]: 'step',
};

export class KeepTarget implements Target {
  readonly exec: string;
  readonly bias: bigint;
  readonly auxv: Uint8Array;
  readonly #keep: Keep;
  readonly #places: Places;
  #stop: Stop | undefined;

  constructor(keep: Keep, places: Places) {
    this.#keep = keep;
    this.#places = places;
    this.exec = resolve(places.program.name);
    this.bias = places.program.bias;
    this.auxv = auxvOf(places.program);
  }

  /** What gdb is told of a stop. */
  halt(stop: Stop): Halt {
    this.#stop = stop;
    const kind = WHY[stop.why];
    const why = kind === undefined ? ({ kind: 'signal', signal: stop.signal } as const) : { kind };
    return { thread: idOf(stop.thread), why };
  }

  /** Those that run a task; a TCS stays entered when its task has ended. */
  async threads(): Promise<readonly ThreadInfo[]> {
    const out: ThreadInfo[] = [];
    for (const index of this.#stop?.threads ?? []) {
      const block = this.#block(index);
      const number = (await readWhole(this.read, block + BigInt(SGX_MAP.TASK_NUMBER), 4))?.getUint32(0, true);
      if (number === undefined || (number === 0 && index !== this.#stop?.thread)) continue;
      const file = await this.registers(idOf(index));
      if (file === undefined) continue;
      const where = file instanceof CallRegisters ? 'in a system call' : 'in the program';
      out.push({ id: idOf(index), doing: `tid ${number}, ${where}` });
    }
    return out;
  }

  #block(index: number): bigint {
    return this.#keep.base + (this.#places.tcs[index] ?? 0n) - BigInt(SGX_MAP.TCS);
  }

  /** Address of the SSA frame that is the thread's: the last, where it is the one that stopped; else the program's. */
  async #frame(index: number): Promise<bigint | undefined> {
    const tcs = await this.read(this.#block(index) + BigInt(SGX_MAP.TCS), TCS.offsetOf('oentry'));
    if (tcs.length < TCS.offsetOf('oentry')) return undefined;
    const view = new DataView(tcs.buffer, tcs.byteOffset);
    const cssa = view.getUint32(TCS.offsetOf('cssa'), true);
    if (cssa === 0) return undefined;
    const last = this.#isWhere(index) ? cssa - 1 : 0;
    const frame = BigInt(last * SGX_MAP.SSA_FRAME_PAGES * PAGE_SIZE);
    return this.#keep.base + view.getBigUint64(TCS.offsetOf('ossa'), true) + frame;
  }

  /** Whether an instruction of this thread's stopped it. */
  #isWhere(index: number): boolean {
    const stop = this.#stop;
    return stop?.thread === index && (stop.why === STOP_WHY.BREAKPOINT || stop.why === STOP_WHY.STEP);
  }

  async registers(thread: number): Promise<RegisterFile | undefined> {
    const index = thread - 1;
    const at = await this.#frame(index);
    if (at === undefined) return this.#caller(index);
    const bytes = await this.read(at, SGX_MAP.SSA_FRAME_PAGES * PAGE_SIZE);
    if (bytes.length < SGX_MAP.SSA_FRAME_PAGES * PAGE_SIZE) return undefined;
    const file = new FrameRegisters(bytes.slice());
    const rip = file.get(RIP) as Uint8Array;
    const offset = new DataView(rip.buffer).getBigUint64(0, true) - this.#keep.base;
    // The shim, on the program's behalf.
    return offset >= 0n && offset < this.#places.start && !this.#isWhere(index) ? this.#caller(index) : file;
  }

  async #caller(index: number): Promise<RegisterFile | undefined> {
    const block = this.#block(index);
    const caller = await readWhole(this.read, block + BigInt(SGX_MAP.CALLER), 8 * CALLER.length);
    const fs = await readWhole(this.read, block + BigInt(SGX_MAP.EXEC_FS), 8);
    // Before its first system call the shim has made none of the program's instructions run on this thread.
    if (caller === undefined || fs === undefined || caller.getBigUint64(0, true) === 0n) return undefined;
    const known = CALLER.map((name, i) => [name, caller.getBigUint64(8 * i, true)] as const);
    return new CallRegisters(new Map([...known, ['fs_base', fs.getBigUint64(0, true)]]));
  }

  async store(thread: number, file: RegisterFile): Promise<boolean> {
    const at = await this.#frame(thread - 1);
    if (at === undefined || !(file instanceof FrameRegisters)) return file instanceof CallRegisters;
    return (await this.write(at, file.bytes)) === file.bytes.length;
  }

  readonly read = (address: bigint, length: number): Promise<Uint8Array> =>
    memoryOf(this.#keep)(address, length);

  async write(address: bigint, bytes: Uint8Array): Promise<number> {
    const offset = address - this.#keep.base;
    if (offset < 0n || offset + BigInt(bytes.length) > this.#keep.size) return 0;
    return this.#keep.debugWrite(offset, bytes);
  }

  go({ threads, others }: Moves): void {
    const actions = Uint8Array.from(this.#places.tcs, (_, index) => {
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
