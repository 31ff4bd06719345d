// SPDX-License-Identifier: Apache-2.0
// The threads of a VM-based Keep: registers that the helper has of the vCPU, or of the frame on the shim's stack.
import { GPRSGX } from '@motte/binary/sgx/gprsgx';
import { CallRegisters, FrameRegisters } from '@motte/debug/gdb/register-file';
import type { RegisterFile } from '@motte/debug/gdb/register-file';
import { readWhole } from '@motte/debug/memory';
import type { ReadMemory } from '@motte/debug/memory';
import type { Keep } from '@motte/loader/load';
import { REGISTERS_IN } from '@motte/loader/protocol/debug';
import { VM_MAP } from '@motte/plan/vm/map';
import { CALLER } from './threads.js';
import type { Threads } from './threads.js';

/** Where they are, and how their memory is read. */
export interface VmPlaces {
  readonly count: number;
  /** Address of the first vCPU's block. */
  readonly blocks: bigint;
  readonly read: ReadMemory;
}

export class VmThreads implements Threads {
  readonly #keep: Keep;
  readonly #places: VmPlaces;

  constructor(keep: Keep, places: VmPlaces) {
    this.#keep = keep;
    this.#places = places;
  }

  get count(): number {
    return this.#places.count;
  }

  async task(index: number): Promise<number | undefined> {
    const at = this.#places.blocks + BigInt(index * VM_MAP.VCPU_STRIDE + VM_MAP.TASK_NUMBER);
    return (await readWhole(this.#places.read, at, 4))?.getUint32(0, true);
  }

  async registers(index: number): Promise<RegisterFile | undefined> {
    const { where, bytes } = await this.#keep.debugRegisters(index);
    if (where === REGISTERS_IN.NONE) return undefined;
    if (where !== REGISTERS_IN.CALL) return new FrameRegisters(bytes);
    const gprs = GPRSGX.read(bytes, bytes.length - GPRSGX.size);
    const known = CALLER.map((name) => [name, gprs[name]] as const);
    return new CallRegisters(new Map([...known, ['fs_base', gprs.fsbase]]));
  }

  async store(index: number, _own: boolean, file: RegisterFile): Promise<boolean> {
    if (!(file instanceof FrameRegisters)) return file instanceof CallRegisters;
    return (await this.#keep.debugRegisters(index, file.bytes)).where !== REGISTERS_IN.NONE;
  }
}
