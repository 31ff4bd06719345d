// SPDX-License-Identifier: Apache-2.0
import type { RegisterFile } from './register-file.js';

/** A thread, as gdb numbers them: from 1. */
export interface ThreadInfo {
  readonly id: number;
  /** What `info threads` says beside it. */
  readonly doing: string;
}

/** Why all threads stand still. */
export interface Halt {
  readonly thread: number;
  readonly why:
    | { readonly kind: 'asked' }
    /** An INT3 at RIP. */
    | { readonly kind: 'breakpoint' }
    /** A step is done, or the program has passed an INT3 of its own. */
    | { readonly kind: 'step' }
    /** Linux's number of the signal that the program is about to end by. */
    | { readonly kind: 'signal'; readonly signal: number };
}

/** How the program ended. */
export type Exit = { readonly exited: number } | { readonly signalled: number };

export type Move = 'go' | 'step';

/** What each thread does next; one without a move stands still. */
export interface Moves {
  readonly threads: ReadonlyMap<number, Move>;
  /** Whether those go that gdb does not know, as they are not there yet. */
  readonly others: boolean;
}

/** A program that can be looked at and moved. Memory and registers are to be had while it stands still. */
export interface Target {
  /** Path of the program's file, on the host. */
  readonly exec: string;
  /** What is added to the file's addresses. */
  readonly bias: bigint;
  /** Of the Linux process that gdb takes it for: entry point and program headers, where they lie. */
  readonly auxv: Uint8Array;
  threads(): Promise<readonly ThreadInfo[]>;
  registers(thread: number): Promise<RegisterFile | undefined>;
  /** Puts back what `registers` gave and `set` changed. */
  store(thread: number, file: RegisterFile): Promise<boolean>;
  /** The bytes up to the first that cannot be read. */
  read(address: bigint, length: number): Promise<Uint8Array>;
  /** How many were written. */
  write(address: bigint, bytes: Uint8Array): Promise<number>;
  go(moves: Moves): void;
  /** Makes it stand still; a Halt follows. */
  stop(): void;
  kill(): void;
}
