// SPDX-License-Identifier: Apache-2.0
// What goes over the machine's virtio-serial port. A frame is a line `ID WORD NUMBER`; after the words that carry bytes,
// NUMBER of these follow. The ID is the command's. test/helpers/native/tcg/link.c is the other end.
//
// To the machine:
//   run      bytes: working directory, number of arguments, arguments, environment; a NUL after each
//   in       bytes for the command's standard input; none of them end it
//   kill     the command and all that it started (number: 0)
//   scratch  bytes: a directory to be writable in the machine alone
//   out      bytes: a directory to be written through to the host
// From the machine:
//   ready    it serves; number: 1 if /dev/kvm is there
//   done     of scratch and out; number: 0 or an errno
//   out err  bytes of the command's standard output and error
//   took     number: so many bytes of standard input are no longer waiting
//   exit     the command ended; number: its exit status
//   signal   a signal ended it; number: which
//   failed   it could not be executed; number: an errno

const CARRYING = ['out', 'err'] as const;

/** One frame of the machine. */
export interface Frame {
  readonly id: number;
  readonly word: string;
  readonly number: number;
  readonly bytes: Buffer;
}

const EMPTY = Buffer.alloc(0);
/** No line of a frame is longer; what is was not made by guest.c. */
const LINE_MOST = 64;

/** A frame for the machine: with bytes, or `kill` without. */
export function frame(id: number, word: string, bytes?: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${id} ${word} ${bytes?.length ?? 0}\n`), bytes ?? EMPTY]);
}

/** Strings with a NUL after each. They hold none themselves: execve could not take it either. */
export function nulEnded(strings: readonly string[]): Buffer {
  const bad = strings.find((text) => text.includes('\0'));
  if (bad !== undefined) throw new TypeError(`${JSON.stringify(bad)} holds a NUL`);
  return Buffer.from(strings.map((text) => `${text}\0`).join(''));
}

/** Cuts the stream of the machine into frames. */
export class FrameReader {
  #pending: Buffer = EMPTY;

  /** The frames that are whole with these bytes. */
  push(chunk: Buffer): Frame[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const frames: Frame[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) frames.push(next);
    return frames;
  }

  #next(): Frame | undefined {
    const end = this.#pending.indexOf(0x0a);
    if (end < 0 && this.#pending.length < LINE_MOST) return undefined;
    const line = this.#pending.toString('latin1', 0, end < 0 ? LINE_MOST : end);
    const match = /^(\d{1,10}) ([a-z]{1,7}) (\d{1,15})$/.exec(line);
    if (match === null) throw new Error(`no frame: ${JSON.stringify(line)}`);
    const [, id, word, number] = match as unknown as [string, string, string, string];
    const length = (CARRYING as readonly string[]).includes(word) ? Number(number) : 0;
    const start = end + 1;
    if (this.#pending.length < start + length) return undefined;
    const bytes = this.#pending.subarray(start, start + length);
    this.#pending = this.#pending.subarray(start + length);
    return { id: Number(id), word, number: Number(number), bytes };
  }
}
