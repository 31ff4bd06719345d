// SPDX-License-Identifier: Apache-2.0
// The threads of an SGX Keep: registers out of SSA frames, and of system calls what the shim keeps.
import { PAGE_SIZE } from '@motte/binary/range';
import { TCS } from '@motte/binary/sgx/tcs';
import { CallRegisters, FrameRegisters } from '@motte/debug/gdb/register-file';
import type { RegisterFile } from '@motte/debug/gdb/register-file';
import { NUMBER } from '@motte/debug/gdb/registers';
import { readWhole } from '@motte/debug/memory';
import type { ReadMemory } from '@motte/debug/memory';
import { SGX_MAP } from '@motte/plan/sgx/map';
import { CALLER } from './threads.js';
import type { Threads } from './threads.js';

const RIP = NUMBER.get('rip') as number;
const FRAME_SIZE = SGX_MAP.SSA_FRAME_PAGES * PAGE_SIZE;

/** Where they are, and how their memory is read and written. */
export interface SgxPlaces {
  readonly base: bigint;
  /** Offset of the program's first page; the shim is before it. */
  readonly start: bigint;
  /** Offsets of the TCSs. */
  readonly tcs: readonly bigint[];
  readonly read: ReadMemory;
  readonly write: (address: bigint, bytes: Uint8Array) => Promise<number>;
}

export class SgxThreads implements Threads {
  readonly #places: SgxPlaces;

  constructor(places: SgxPlaces) {
    this.#places = places;
  }

  get count(): number {
    return this.#places.tcs.length;
  }

  #block(index: number): bigint {
    return this.#places.base + (this.#places.tcs[index] ?? 0n) - BigInt(SGX_MAP.TCS);
  }

  async task(index: number): Promise<number | undefined> {
    const at = this.#block(index) + BigInt(SGX_MAP.TASK_NUMBER);
    return (await readWhole(this.#places.read, at, 4))?.getUint32(0, true);
  }

  /** Address of the SSA frame that is the thread's: the last, where it is the one that stopped; else the program's. */
  async #frame(index: number, own: boolean): Promise<bigint | undefined> {
    const tcs = await this.#places.read(this.#block(index) + BigInt(SGX_MAP.TCS), TCS.offsetOf('oentry'));
    if (tcs.length < TCS.offsetOf('oentry')) return undefined;
    const view = new DataView(tcs.buffer, tcs.byteOffset);
    const cssa = view.getUint32(TCS.offsetOf('cssa'), true);
    if (cssa === 0) return undefined;
    const last = own ? cssa - 1 : 0;
    return this.#places.base + view.getBigUint64(TCS.offsetOf('ossa'), true) + BigInt(last * FRAME_SIZE);
  }

  async registers(index: number, own: boolean): Promise<RegisterFile | undefined> {
    const at = await this.#frame(index, own);
    if (at === undefined) return this.#caller(index);
    const bytes = await this.#places.read(at, FRAME_SIZE);
    if (bytes.length < FRAME_SIZE) return undefined;
    const file = new FrameRegisters(bytes.slice());
    const rip = file.get(RIP) as Uint8Array;
    const offset = new DataView(rip.buffer).getBigUint64(0, true) - this.#places.base;
    // The shim, on the program's behalf.
    return offset >= 0n && offset < this.#places.start && !own ? this.#caller(index) : file;
  }

  async #caller(index: number): Promise<RegisterFile | undefined> {
    const block = this.#block(index);
    const caller = await readWhole(this.#places.read, block + BigInt(SGX_MAP.CALLER), 8 * CALLER.length);
    const fs = await readWhole(this.#places.read, block + BigInt(SGX_MAP.EXEC_FS), 8);
    // Before its first system call the shim has made none of the program's instructions run on this thread.
    if (caller === undefined || fs === undefined || caller.getBigUint64(0, true) === 0n) return undefined;
    const known = CALLER.map((name, i) => [name, caller.getBigUint64(8 * i, true)] as const);
    return new CallRegisters(new Map([...known, ['fs_base', fs.getBigUint64(0, true)]]));
  }

  async store(index: number, own: boolean, file: RegisterFile): Promise<boolean> {
    const at = await this.#frame(index, own);
    if (at === undefined || !(file instanceof FrameRegisters)) return file instanceof CallRegisters;
    return (await this.#places.write(at, file.bytes)) === file.bytes.length;
  }
}
