// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { MESSAGE, MESSAGE_MAGIC, MESSAGE_MAX } from '../protocol/messages.js';

/** A message of the helper's, taken out of the stream. */
export interface Message {
  readonly type: number;
  readonly id: number;
  /** A copy that the receiver owns. */
  readonly payload: Uint8Array;
}

/** A message as it goes over the socket. */
export function frame(type: number, id: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const out = new Uint8Array(MESSAGE.size + payload.length);
  out.set(MESSAGE.write({ magic: MESSAGE_MAGIC, type, length: payload.length, id }));
  out.set(payload, MESSAGE.size);
  return out;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Cuts the helper's stream into messages. Throws HELPER_PROTOCOL for what is none. */
export class Unframer {
  #parts: Uint8Array[] = [];
  #have = 0;
  #need: number = MESSAGE.size;

  /** Bytes that have come in and belong to no whole message yet. */
  get pending(): number {
    return this.#have;
  }

  /** The messages that are whole now. `bytes` may be reused as soon as this returns. */
  push(bytes: Uint8Array): Message[] {
    this.#parts.push(bytes.slice());
    this.#have += bytes.length;
    const messages: Message[] = [];
    // Parts are joined only when a message may be whole, so that a large one costs no more than its length.
    while (this.#have >= this.#need) {
      const all = join(this.#parts);
      const header = readHeader(all);
      const end = MESSAGE.size + header.length;
      if (all.length < end) {
        this.#parts = [all];
        this.#need = end;
        break;
      }
      messages.push({ type: header.type, id: header.id, payload: all.slice(MESSAGE.size, end) });
      this.#parts = [all.subarray(end)];
      this.#have = all.length - end;
      this.#need = MESSAGE.size;
    }
    return messages;
  }
}

function readHeader(bytes: Uint8Array): { type: number; id: number; length: number } {
  const header = MESSAGE.read(bytes);
  if (header.magic !== MESSAGE_MAGIC) {
    throw new MotteError('HELPER_PROTOCOL', {
      field: 'MESSAGE.magic',
      expected: BigInt(MESSAGE_MAGIC),
      found: BigInt(header.magic),
    });
  }
  if (header.length > MESSAGE_MAX) {
    throw new MotteError('HELPER_PROTOCOL', {
      field: 'MESSAGE.length',
      expected: `at most ${MESSAGE_MAX}`,
      found: header.length,
    });
  }
  return header;
}
