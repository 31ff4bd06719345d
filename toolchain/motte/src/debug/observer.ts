// SPDX-License-Identifier: Apache-2.0
// What is heard of a debug Keep while it runs: traced calls, and what the program asked for in vain.
import type { ReadMemory } from '@motte/debug/memory';
import { placeText } from '@motte/debug/program';
import type { Program } from '@motte/debug/program';
import type { Filter } from '@motte/debug/trace/filter';
import { Tracer, lastLine } from '@motte/debug/trace/tracer';
import { unsupportedText } from '@motte/debug/trace/unsupported';
import { TRACE_ANSWER, TRACE_PHASE } from '@motte/hostcall/trace-event';
import type { End, Keep, Told } from '@motte/loader/load';
import { say } from '../io/stdout.js';
import { faultReport } from './fault.js';

/** Most bytes that are read of a Keep for one thing. */
const READ_MOST = 1 << 20;

/** The memory of a Keep by address. */
export function memoryOf(keep: Keep): ReadMemory {
  return async (address, length) => {
    const offset = address - keep.base;
    const { size } = keep;
    if (offset < 0n || offset >= size) return new Uint8Array(0);
    const most = Math.min(length, READ_MOST, Number(size - offset));
    return keep.debugRead(offset, most);
  };
}

/** What each C library asks for when it starts, and does without. */
const RSEQ = 334n;

/** Where traced calls go. */
export interface TraceOutput {
  readonly filter: Filter;
  readonly write: (text: string) => void;
}

/** Hears what the shim of a debug Keep tells. */
export class Observer {
  readonly #keep: Promise<Keep>;
  readonly #program: (keep: Keep) => Program;
  readonly #output: TraceOutput | undefined;
  #start!: (keep: Keep) => void;
  #tracer: Tracer | undefined;
  #last: Told | undefined;

  constructor(program: (keep: Keep) => Program, output: TraceOutput | undefined) {
    this.#program = program;
    this.#output = output;
    this.#keep = new Promise((resolve) => (this.#start = resolve));
  }

  /** The Keep is there. Until then nobody is answered. */
  attach(keep: Keep): void {
    const output = this.#output;
    if (output !== undefined) this.#tracer = new Tracer(memoryOf(keep), output.filter, output.write);
    this.#start(keep);
  }

  readonly listen = async (told: Told): Promise<number> => {
    const keep = await this.#keep;
    switch (told.phase) {
      case TRACE_PHASE.CALL:
        if (this.#tracer?.wants(told.number) !== true) return TRACE_ANSWER.MUTE;
        await this.#tracer.begin(told);
        break;
      case TRACE_PHASE.RESULT:
        await this.#tracer?.end(told, told.result);
        break;
      case TRACE_PHASE.UNSUPPORTED: {
        if (told.number === RSEQ) break;
        const text = unsupportedText(told, placeText(this.#program(keep), told.registers.rip));
        this.#tracer?.interrupt();
        say(`motte: ${text}`);
        break;
      }
      case TRACE_PHASE.ENDS:
        this.#last = told;
    }
    return TRACE_ANSWER.GO_ON;
  };

  /** After the end: the last line of the trace, what a signal left behind; then the Keep is let go. */
  async ended(end: End, keep: Keep): Promise<void> {
    this.#tracer?.finish(lastLine(end));
    const report = await faultReport(end, this.#last, keep, this.#program(keep), memoryOf(keep));
    if (report !== undefined) say(report);
    await keep.close();
  }
}
