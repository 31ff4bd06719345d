// SPDX-License-Identifier: Apache-2.0
// Packets of GDB's remote protocol: `$body#checksum`. GDB manual 13.1, appendix E.1.
import { MotteError } from '@motte/binary/error';

/** Most bytes of a packet between `$` and `#`; qSupported says so to gdb. */
export const PACKET_MOST = 0x8000;

/** What has come in. */
export type Incoming =
  /** A packet; its escapes are undone. The receiver owns the body. */
  | { readonly kind: 'packet'; readonly body: Uint8Array }
  | { readonly kind: 'ack' }
  /** Our last packet did not arrive whole. */
  | { readonly kind: 'nack' }
  /** The user pressed ^C. */
  | { readonly kind: 'interrupt' }
  /** A packet whose checksum is wrong. */
  | { readonly kind: 'corrupt' };

const START = 0x24; // $
const END = 0x23; // #
const ESCAPE = 0x7d; // }
const RUN = 0x2a; // *
const ESCAPED = 0x20;

const ALONE: Readonly<Record<number, Incoming>> = {
  0x2b: { kind: 'ack' },
  0x2d: { kind: 'nack' },
  0x03: { kind: 'interrupt' },
};

function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}

const refuse = (field: string, found: number): MotteError =>
  new MotteError('GDB_PROTOCOL', { field, found: `0x${found.toString(16)}` });

/** Cuts a connection's bytes into packets. Throws GDB_PROTOCOL for what can be none; nothing is skipped. */
export class Unpacker {
  readonly #raw = new Uint8Array(PACKET_MOST);
  #length = 0;
  #state: 'between' | 'body' | 'high' | 'low' = 'between';
  #high = 0;

  push(bytes: Uint8Array): Incoming[] {
    const out: Incoming[] = [];
    for (const byte of bytes) {
      const come = this.#take(byte);
      if (come !== undefined) out.push(come);
    }
    return out;
  }

  #take(byte: number): Incoming | undefined {
    switch (this.#state) {
      case 'between':
        if (byte !== START) {
          const alone = ALONE[byte];
          if (alone === undefined) throw refuse('between packets', byte);
          return alone;
        }
        this.#length = 0;
        this.#state = 'body';
        return undefined;
      case 'body':
        if (byte === END) this.#state = 'high';
        else if (byte === START) throw refuse('body', byte);
        else if (this.#length === PACKET_MOST)
          throw new MotteError('GDB_PROTOCOL', { field: 'length', expected: `at most ${PACKET_MOST}` });
        else this.#raw[this.#length++] = byte;
        return undefined;
      case 'high':
        this.#high = this.#digit(byte);
        this.#state = 'low';
        return undefined;
      case 'low':
        this.#state = 'between';
        return this.#whole((this.#high << 4) | this.#digit(byte));
    }
  }

  #digit(byte: number): number {
    const value = digit(byte);
    if (value < 0) throw refuse('checksum', byte);
    return value;
  }

  #whole(expected: number): Incoming {
    const raw = this.#raw.subarray(0, this.#length);
    return checksum(raw) === expected ? { kind: 'packet', body: unescape(raw) } : { kind: 'corrupt' };
  }
}

function checksum(raw: Uint8Array): number {
  return raw.reduce((sum, byte) => (sum + byte) & 0xff, 0);
}

function unescape(raw: Uint8Array): Uint8Array {
  const out = new Uint8Array(raw.length);
  let length = 0;
  for (let i = 0; i < raw.length; i++) {
    const byte = raw[i] as number;
    if (byte !== ESCAPE) out[length++] = byte;
    else {
      const next = raw[++i];
      if (next === undefined) throw refuse('escape', byte);
      out[length++] = next ^ ESCAPED;
    }
  }
  return out.slice(0, length);
}

/** A packet as it goes over the connection. Text is Latin-1. */
export function pack(body: string | Uint8Array): Uint8Array {
  const bytes = typeof body === 'string' ? Uint8Array.from(body, (c) => c.charCodeAt(0)) : body;
  const out = new Uint8Array(2 * bytes.length + 4);
  let length = 1;
  out[0] = START;
  for (const byte of bytes) {
    const special = byte === START || byte === END || byte === ESCAPE || byte === RUN;
    if (special) out[length++] = ESCAPE;
    out[length++] = special ? byte ^ ESCAPED : byte;
  }
  const sum = checksum(out.subarray(1, length)).toString(16).padStart(2, '0');
  out.set([END, sum.charCodeAt(0), sum.charCodeAt(1)], length);
  return out.slice(0, length + 3);
}
