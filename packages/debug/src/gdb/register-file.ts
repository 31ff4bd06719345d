// SPDX-License-Identifier: Apache-2.0
// The registers of a thread that stands still: of its SSA frame, or of the system call that it is in.
import { GPRSGX } from '@motte/binary/sgx/gprsgx';
import { FPU_INIT } from '@motte/binary/sgx/xsave';
import { REGISTERS, gprOffset } from './registers.js';
import type { Place, Register } from './registers.js';

/** One thread's registers, by gdb's numbers. */
export interface RegisterFile {
  /** As many bytes as gdb has of it; undefined where it is not known. */
  get(number: number): Uint8Array | undefined;
  /** False where it cannot be changed. */
  set(number: number, bytes: Uint8Array): boolean;
}

const XSTATE_BV = 0x200;
const FTW = 0x04;
/** Where each component is in the XSAVE area: x87 in two pieces around MXCSR, SSE, AVX. */
const PIECES = [
  [
    [0x00, 0x18],
    [0x20, 0x80],
  ],
  [
    [0x18, 0x04],
    [0xa0, 0x100],
  ],
  [[0x240, 0x100]],
] as const;

function widened(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  out.set(bytes.subarray(0, size));
  return out;
}

/** Two bits a register: valid (0) or empty (3); zero and special are told apart by the register alone. */
function fullTags(abridged: number): Uint8Array {
  let tags = 0;
  for (let i = 0; i < 8; i++) if (((abridged >> i) & 1) === 0) tags |= 3 << (2 * i);
  return Uint8Array.of(tags & 0xff, tags >> 8, 0, 0);
}

function abridgedTags(bytes: Uint8Array): number {
  const tags = (bytes[0] as number) | ((bytes[1] as number) << 8);
  let abridged = 0;
  for (let i = 0; i < 8; i++) if (((tags >> (2 * i)) & 3) !== 3) abridged |= 1 << i;
  return abridged;
}

/** An SSA frame: the XSAVE area at its start, GPRSGX at its end. */
export class FrameRegisters implements RegisterFile {
  /** The frame's bytes, which `set` changes. */
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  #gpr(place: Extract<Place, { in: 'gpr' }>): number {
    return this.bytes.length - GPRSGX.size + gprOffset(place.field);
  }

  /** A component that XSTATE_BV does not have is in its initial state, whatever the area holds. */
  #settle(component: 0 | 1 | 2): void {
    const bit = 1 << component;
    const used = this.bytes[XSTATE_BV] as number;
    if ((used & bit) !== 0) return;
    for (const [at, length] of PIECES[component]) {
      // MXCSR is saved and loaded with SSE or AVX.
      if (at !== 0x18 || (used & 4) === 0) this.bytes.fill(0, at, at + length);
    }
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset);
    if (component === 0) view.setUint16(0, FPU_INIT.FCW, true);
    if (component === 1 && (used & 4) === 0) view.setUint32(0x18, FPU_INIT.MXCSR, true);
  }

  get(number: number): Uint8Array | undefined {
    const { place, size } = REGISTERS[number] as Register;
    switch (place.in) {
      case 'fixed':
        return Uint8Array.of(place.value, 0, 0, 0);
      case 'gpr': {
        const at = this.#gpr(place);
        return this.bytes.slice(at, at + size);
      }
      case 'tags':
        this.#settle(0);
        return fullTags(this.bytes[FTW] as number);
      case 'xsave':
        this.#settle(place.component);
        return widened(this.bytes.subarray(place.at, place.at + place.bytes), size);
    }
  }

  set(number: number, bytes: Uint8Array): boolean {
    const { place, size } = REGISTERS[number] as Register;
    if (bytes.length !== size) return false;
    switch (place.in) {
      case 'fixed':
        return bytes.every((byte, i) => byte === (i === 0 ? place.value : 0));
      case 'gpr':
        this.bytes.set(bytes, this.#gpr(place));
        return true;
      case 'tags':
        this.#use(0);
        this.bytes[FTW] = abridgedTags(bytes);
        return true;
      case 'xsave':
        this.#use(place.component);
        this.bytes.set(bytes.subarray(0, place.bytes), place.at);
        return true;
    }
  }

  #use(component: 0 | 1 | 2): void {
    // With AVX in use MXCSR counts, and may never have been written.
    if (component === 2) this.#settle(1);
    this.#settle(component);
    this.bytes[XSTATE_BV] = (this.bytes[XSTATE_BV] as number) | (1 << component);
  }
}

/** What a system call keeps; it cannot be changed, as the shim has it in registers of its own. */
export class CallRegisters implements RegisterFile {
  readonly #known: ReadonlyMap<string, bigint>;

  constructor(known: ReadonlyMap<string, bigint>) {
    this.#known = known;
  }

  get(number: number): Uint8Array | undefined {
    const { name, place } = REGISTERS[number] as Register;
    if (place.in === 'fixed') return Uint8Array.of(place.value, 0, 0, 0);
    const value = this.#known.get(name);
    return value === undefined ? undefined : new Uint8Array(BigUint64Array.of(value).buffer);
  }

  set(number: number, bytes: Uint8Array): boolean {
    const now = this.get(number);
    return now !== undefined && now.length === bytes.length && now.every((byte, i) => byte === bytes[i]);
  }
}
