// SPDX-License-Identifier: Apache-2.0
// System calls as lines of text, in strace's form.
import { CALLS, UNKNOWN } from './calls.js';
import type { Call } from './calls.js';
import { errnoText } from './errno.js';
import type { Filter } from './filter.js';
import type { Scene } from './kind.js';
import { pointer } from './kind.js';
import { callName } from './names.js';
import type { ReadMemory } from '../memory.js';
import { signalText } from './structs.js';

/** Where results begin, if the call leaves room. */
const COLUMN = 40;

/** A system call of a thread. */
export interface TracedCall {
  readonly tid: number;
  readonly number: bigint;
  readonly args: readonly bigint[];
}

/** A call that has begun. */
interface Begun {
  readonly call: Call;
  readonly name: string;
  readonly scene: Scene;
  /** Arguments that are printed. */
  readonly shown: number;
  readonly text: string;
  /** Another thread's line came in between. */
  cut: boolean;
}

async function argumentsText(call: Call, scene: Scene, from: number, to: number): Promise<string> {
  const parts: string[] = [];
  for (const [i, kind] of call.args.slice(from, to).entries())
    parts.push(await kind.show(scene.args[from + i] ?? 0n, scene));
  return parts.join(', ');
}

async function resultText(call: Call, scene: Scene): Promise<string> {
  const { result = 0n } = scene;
  if (result < 0n && result >= -4095n) return `-1 ${errnoText(Number(-result))}`;
  if (call.result === undefined) return String(result);
  return call.result === 'address' ? pointer(BigInt.asUintN(64, result)) : call.result(scene);
}

/** Prints what the threads of one Keep call. Calls of it must not overlap: a line is made of several. */
export class Tracer {
  readonly #memory: ReadMemory;
  readonly #filter: Filter;
  readonly #write: (text: string) => void;
  readonly #begun = new Map<number, Begun>();
  readonly #threads = new Set<number>();
  /** Of the line that is not ended yet; what comes next ends it. */
  #open: Begun | undefined;

  constructor(memory: ReadMemory, filter: Filter, write: (text: string) => void) {
    this.#memory = memory;
    this.#filter = filter;
    this.#write = write;
  }

  /** Whether calls of this number are printed. */
  wants(number: bigint): boolean {
    return this.#filter(callName(number));
  }

  /** Prints a call up to the first argument that it will fill in. */
  async begin({ tid, number, args }: TracedCall): Promise<void> {
    const name = callName(number);
    if (!this.#filter(name)) return;
    const call = CALLS.get(name) ?? UNKNOWN;
    const scene: Scene = { args, memory: this.#memory };
    const count = call.count?.(scene) ?? call.args.length;
    const out = call.args.slice(0, count).findIndex((kind) => kind.out === true);
    const shown = out < 0 ? count : out;
    const inputs = await argumentsText(call, scene, 0, shown);
    const text = `${this.#prefix(tid)}${name}(${inputs}${shown < count && shown > 0 ? ', ' : ''}${out < 0 ? ')' : ''}`;
    const begun = { call, name, scene, shown, text, cut: false };
    this.#breakLine();
    this.#begun.set(tid, begun);
    this.#open = begun;
    this.#write(text);
  }

  /** Prints the rest of it. */
  async end({ tid }: TracedCall, result: bigint): Promise<void> {
    const begun = this.#begun.get(tid);
    if (begun === undefined) return;
    this.#begun.delete(tid);
    const { call, name, shown } = begun;
    const scene = { ...begun.scene, result };
    const count = call.count?.(scene) ?? call.args.length;
    const left = `${await argumentsText(call, scene, shown, count)}${shown < count ? ')' : ''}`;
    if (begun.cut) this.#breakLine();
    const resumed = `${this.#prefix(tid)}<... ${name} resumed>`;
    const before = begun.cut ? `${resumed}${left === '' ? ')' : left}` : `${begun.text}${left}`;
    const printed = begun.cut ? '' : begun.text;
    this.#write(`${before.padEnd(COLUMN - 1).slice(printed.length)} = ${await resultText(call, scene)}\n`);
    this.#open = undefined;
  }

  /** Ends the line of a call that does not return, and of all that others are in. */
  finish(last: string): void {
    const open = this.#open;
    if (open !== undefined && !open.cut)
      this.#write(`${open.text.padEnd(COLUMN - 1).slice(open.text.length)} = ?\n`);
    this.#open = undefined;
    this.#write(`${last}\n`);
  }

  /** Something else is about to be printed: an open line is ended before. */
  interrupt(): void {
    this.#breakLine();
  }

  #breakLine(): void {
    if (this.#open === undefined) return;
    this.#open.cut = true;
    this.#write(' <unfinished ...>\n');
    this.#open = undefined;
  }

  /** strace names the thread once there is more than one. */
  #prefix(tid: number): string {
    this.#threads.add(tid);
    return this.#threads.size > 1 ? `[pid ${String(tid).padStart(5)}] ` : '';
  }
}

/** `+++ exited with 0 +++`, `+++ killed by SIGSEGV +++` */
export function lastLine(end: { readonly ended: string; readonly status: number }): string {
  if (end.ended === 'exited') return `+++ exited with ${end.status} +++`;
  return end.ended === 'signalled' ? `+++ killed by ${signalText(end.status)} +++` : `+++ ${end.ended} +++`;
}
