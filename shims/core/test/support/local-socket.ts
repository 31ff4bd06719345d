// SPDX-License-Identifier: Apache-2.0
// What the plain model of AF_UNIX is made of.

export const TYPE = { STREAM: 1, DGRAM: 2, SEQPACKET: 5 } as const;
export const MSG = { OOB: 1, PEEK: 2, TRUNC: 0x20, EOR: 0x80, WAITALL: 0x100 } as const;
export const READ = 1;
export const WRITE = 2;
export const SHUT_BOTH = 3;

/** Bits of poll(), those together that hold together. */
export const POLL = { IN: 0x41, OUT: 0x304, ERR: 8, HUP: 0x10, RDHUP: 0x2000 } as const;

export const ERRNO = {
  PERM: -1,
  NOENT: -2,
  BADF: -9,
  AGAIN: -11,
  INVAL: -22,
  PIPE: -32,
  MSGSIZE: -90,
  PROTOTYPE: -91,
  OPNOTSUPP: -95,
  ADDRINUSE: -98,
  ISCONN: -106,
  NOTCONN: -107,
  CONNREFUSED: -111,
} as const;

export class LocalError extends Error {
  constructor(readonly number: number) {
    super(String(number));
  }
}
export function fail(number: number): never {
  throw new LocalError(number);
}

export interface Name {
  readonly text: string;
  /** Of a path: what it stood for when it was bound. */
  readonly node?: object;
}

/** Bytes `first`, `first` + 1, ...; of a stream those before `at` have been read. */
export interface Message {
  readonly first: number;
  at: number;
  readonly end: number;
  readonly name: Name | undefined;
  rights: readonly Socket[];
  readonly size: number;
  readonly record: boolean;
}

export interface Socket {
  readonly type: number;
  state: 'closed' | 'listening' | 'connected';
  shut: number;
  error: number;
  /** Whether there is an error depends on the order in which others were closed. */
  vague: boolean;
  name: Name | undefined;
  /** By itself: an accepted one has the listener's name. */
  bound: boolean;
  peer: Socket | undefined;
  queue: Message[];
  waiting: Socket[];
  backlog: number;
  accepted: boolean;
  sendBytes: number;
  /** SO_PEEK_OFF. */
  peekAt: number;
  dead: boolean;
}

export function newSocket(type: number): Socket {
  const flags = { vague: false, bound: false, accepted: true, dead: false };
  const numbers = { shut: 0, error: 0, backlog: 0, sendBytes: 212992, peekAt: -1 };
  return {
    type,
    state: 'closed',
    ...flags,
    ...numbers,
    name: undefined,
    peer: undefined,
    queue: [],
    waiting: [],
  };
}

/** What its queue takes. */
export function used({ queue }: Socket): number {
  return queue.reduce((sum, { size }) => sum + size, 0);
}

export function sumOf(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 1);
}

export function nameOf(name: Name | undefined): string {
  return ` ${name === undefined ? '-' : name.text}`;
}
