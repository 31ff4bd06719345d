// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';

/** How a pointer of .eh_frame is written (LSB 5.0, DW_EH_PE_*): the format, and what it is relative to. */
const FORMAT = {
  ABSPTR: 0,
  ULEB: 1,
  UDATA2: 2,
  UDATA4: 3,
  UDATA8: 4,
  SDATA2: 0xa,
  SDATA4: 0xb,
  SDATA8: 0xc,
} as const;
const PCREL = 0x10;

/** A walk over the bytes of a section, at the section's own address. Throws ELF_TRUNCATED at its end. */
export class Reader {
  readonly #view: DataView;
  readonly #address: bigint;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, address: bigint, at = 0, end: number = bytes.length) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#address = address;
    this.at = at;
    this.end = end;
  }

  /** A walk of its own over the rest of this one. */
  copy(): Reader {
    return new Reader(this.#bytes(), this.#address, this.at, this.end);
  }

  #bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset, this.#view.byteLength);
  }

  /** The same section from here on for `length` bytes. */
  part(length: number): Reader {
    this.#need(length);
    const part = new Reader(this.#bytes(), this.#address, this.at, this.at + length);
    this.at += length;
    return part;
  }

  #need(length: number): void {
    if (length >= 0 && length <= this.end - this.at) return;
    throw new MotteError('ELF_TRUNCATED', { field: '.eh_frame', offset: this.at });
  }

  #take(length: number): number {
    this.#need(length);
    this.at += length;
    return this.at - length;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** An unsigned LEB128 of at most ten bytes. */
  uleb(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw new MotteError('ELF_TRUNCATED', { field: '.eh_frame', offset: this.at });
  }

  sleb(): bigint {
    const from = this.at;
    const value = this.uleb();
    const bits = 7 * (this.at - from);
    return BigInt.asIntN(Math.min(bits, 64), value);
  }

  /** Up to the zero. */
  text(): string {
    let out = '';
    for (let byte = this.u8(); byte !== 0; byte = this.u8()) out += String.fromCharCode(byte);
    return out;
  }

  /** A pointer in an encoding, as an address. */
  pointer(encoding: number): bigint {
    const base = (encoding & 0x70) === PCREL ? this.#address + BigInt(this.at) : 0n;
    return BigInt.asUintN(64, base + this.#number(encoding & 0xf));
  }

  /** A length in the format of an encoding. */
  length(encoding: number): bigint {
    return BigInt.asUintN(64, this.#number(encoding & 0xf));
  }

  #number(format: number): bigint {
    switch (format) {
      case FORMAT.ABSPTR:
      case FORMAT.UDATA8:
      case FORMAT.SDATA8:
        return this.u64();
      case FORMAT.UDATA4:
        return BigInt(this.u32());
      case FORMAT.SDATA4:
        return BigInt.asIntN(32, BigInt(this.u32()));
      case FORMAT.UDATA2:
        return BigInt(this.u16());
      case FORMAT.SDATA2:
        return BigInt.asIntN(16, BigInt(this.u16()));
      case FORMAT.ULEB:
        return this.uleb();
      default:
        throw new MotteError('ELF_TRUNCATED', { field: 'pointer encoding', found: format, offset: this.at });
    }
  }
}
