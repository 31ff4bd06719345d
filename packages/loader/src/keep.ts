// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { performance } from 'node:perf_hooks';
import { TRACE_ANSWER } from '@motte/hostcall/trace-event';
import type { Listener, Stop, ThreadRegisters } from './told.js';
import { DEBUG_BYTES, DEBUG_READ, DEBUG_REGISTERS, DEBUG_WRITE } from './protocol/debug.js';
import { DEBUG_WRITTEN, TRACED } from './protocol/debug.js';
import { MESSAGE_TYPE, PEEK, PEEKED, PEEK_MAX, PROTOCOL_VERSION, STARTED } from './protocol/messages.js';
import { frame } from './helper/framing.js';
import { HelperProcess } from './helper/process.js';
import { decodeEnded, decodeStatistics } from './helper/report.js';
import { readRegisters, readStop, readTold } from './helper/told.js';
import type { Readable, Writable } from 'node:stream';
import type { End, KeepStats } from './helper/report.js';
import type { HelperExit, HelperInput } from './helper/process.js';
import type { Message } from './helper/framing.js';

export type { End, KeepStats } from './helper/report.js';
export type { Stop, ThreadRegisters, Told } from './told.js';

/** What the host sees of a part of the Keep's memory. */
export interface Peek {
  readonly bytes: Uint8Array;
  /** True when the CPU (under emulation: the emulator, which plays this) hides the bytes and 0xff stands for them. */
  readonly hidden: boolean;
}

/**
 * Writes what the Keep's memory still lacks, while the helper process starts. The measurement of that is what the returned
 * function gives, called when the Keep is about to be entered, which need not wait for it.
 */
export type Fill = () => () => Uint8Array;

/** What a Keep is started with. */
export interface KeepInput extends HelperInput {
  readonly emulated: boolean;
  readonly measurement: Uint8Array | Fill;
  /** `performance.now()` when loading began. */
  readonly begun: number;
  /** Payload of START. */
  readonly start: Uint8Array;
  /** SECS.SIZE; in a VM the end of the heap, whose addresses are more than there is memory. */
  readonly size: bigint;
  readonly tee: 'sgx' | 'kvm' | 'snp';
  /** The helper stays after the end, for `peek` and `stats`, until `close`. */
  readonly linger: boolean;
  readonly signal?: AbortSignal;
  /** Whom the shim of a debug Keep tells of system calls. START says so too. */
  readonly listener?: Listener;
  /** Whom a debugger's stops go to. START says so too. */
  readonly stopped?: (stop: Stop) => void;
}

/** Milliseconds that a helper has to end its Keep. */
const GRACE_AFTER_ABORT_MS = 1000;

interface Waiting {
  readonly answer: number;
  resolve(payload: Uint8Array): void;
  reject(error: Error): void;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever waits sees the rejection; that nobody waits is no crash.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

const ABORTED: End = { ended: 'killed', status: 0, cause: 'ABORTED', reason: 'the loader ended the Keep' };

/** A Keep that runs. */
export class Keep {
  readonly emulated: boolean;
  /** How it ended. Settles when the helper process is gone too, or (`linger`) as soon as the Keep has ended. */
  readonly exited: Promise<End>;
  readonly #input: KeepInput;
  readonly #started = deferred<void>();
  readonly #end = deferred<End>();
  readonly #waiting = new Map<number, Waiting>();
  #helper!: HelperProcess;
  #nextId = 1;
  #ended: End | undefined;
  #lastStats: KeepStats | undefined;
  #aborted = false;
  /** The helper is gone, or on its way: nothing can be asked of it. */
  #released = false;
  #measurement: Uint8Array = new Uint8Array();
  #loadMs = 0;
  #base = 0n;
  #landlock = 0;
  #cr4Missing = 0;
  #cpuidCorrected = 0;

  private constructor(input: KeepInput) {
    this.#input = input;
    this.emulated = input.emulated;
    this.exited = this.#end.promise;
  }

  /** Starts the helper and waits until the Keep is about to be entered. Rejects with HELPER_START or LOAD_ABORTED. */
  static async start(input: KeepInput): Promise<Keep> {
    const keep = new Keep(input);
    keep.#helper = await HelperProcess.start(input, {
      message: (message) => keep.#onMessage(message),
      broken: (error) => keep.#broken(error),
    });
    void keep.#helper.exited.then((exit) => keep.#onExit(exit));
    keep.#follow(input.signal);
    try {
      const { measurement } = input;
      const measure = typeof measurement === 'function' ? measurement() : () => measurement;
      keep.#helper.send(frame(MESSAGE_TYPE.START, 0, input.start));
      await keep.#started.promise;
      keep.#loadMs = performance.now() - input.begun;
      keep.#measurement = measure();
    } catch (error) {
      // Whoever is told that there is no Keep must find no process either.
      keep.#helper.release();
      await keep.#helper.exited;
      throw keep.#aborted ? new MotteError('LOAD_ABORTED', { cause: input.signal?.reason ?? error }) : error;
    }
    return keep;
  }

  /** MRENCLAVE; of a VM-based Keep its launch digest. */
  get measurement(): Uint8Array {
    return this.#measurement;
  }
  /** Standard input of the Keep, when it is `pipe`. */
  get stdin(): Writable | null {
    return this.#helper.stdin;
  }
  get stdout(): Readable | null {
    return this.#helper.stdout;
  }
  get stderr(): Readable | null {
    return this.#helper.stderr;
  }
  /** Version of the kernel's Landlock that stands behind the grants; 0: the kernel has none. */
  get landlock(): number {
    return this.#landlock;
  }
  /** KVM: bits of CR4 that the plan asks for and this machine does not have. */
  get cr4Missing(): number {
    return this.#cr4Missing;
  }

  /** SNP: rows of the CPUID page that the firmware did not take as they were. */
  get cpuidCorrected(): number {
    return this.#cpuidCorrected;
  }
  /** Milliseconds from the call of `load` until the Keep was about to be entered. */
  get loadMs(): number {
    return this.#loadMs;
  }
  /** Address of the Keep's memory, as its program sees it. */
  get base(): bigint {
    return this.#base;
  }
  /** Bytes from there on that its program can have addresses of, mapped or not. */
  get size(): bigint {
    return this.#input.size;
  }
  /** What it is a Keep of. */
  get tee(): 'sgx' | 'kvm' | 'snp' {
    return this.#input.tee;
  }
  /** Of the helper process. */
  get pid(): number | undefined {
    return this.#helper.pid;
  }

  /** What has happened so far; after the end, what had. */
  async stats(): Promise<KeepStats> {
    if (this.#lastStats !== undefined) return this.#lastStats;
    return decodeStatistics(await this.#request(MESSAGE_TYPE.STATS, MESSAGE_TYPE.STATISTICS));
  }

  /** What the host sees of `length` bytes at `offset` from the base. */
  async peek(offset: bigint, length: number): Promise<Peek> {
    if (!Number.isSafeInteger(length) || length < 0 || length > PEEK_MAX) {
      throw new MotteError('LOAD_OPTION', {
        field: 'length',
        expected: `at most ${PEEK_MAX}`,
        found: length,
      });
    }
    const request = PEEK.write({ offset, length: BigInt(length) });
    const payload = await this.#request(MESSAGE_TYPE.PEEK, MESSAGE_TYPE.PEEKED, request);
    const peeked = PEEKED.read(payload);
    const bytes = payload.subarray(PEEKED.size);
    if (bytes.length !== peeked.length) {
      const expected = `${peeked.length} bytes`;
      throw new MotteError('HELPER_PROTOCOL', { field: 'PEEKED.length', expected, found: bytes.length });
    }
    return { bytes, hidden: peeked.hidden !== 0 };
  }

  /**
   * What EDBGRD reads of a debug Keep at `offset` from the base: the bytes up to the first page that is not there, none
   * of a Keep that is not a debug Keep.
   */
  async debugRead(offset: bigint, length: number): Promise<Uint8Array> {
    const payload = await this.#request(
      MESSAGE_TYPE.DEBUG_READ,
      MESSAGE_TYPE.DEBUG_BYTES,
      DEBUG_READ.write({ offset, length: BigInt(length) }),
    );
    const bytes = payload.subarray(DEBUG_BYTES.size);
    const expected = DEBUG_BYTES.read(payload).length;
    if (bytes.length === expected && expected <= length) return bytes;
    throw new MotteError('HELPER_PROTOCOL', { field: 'DEBUG_BYTES.length', expected, found: bytes.length });
  }

  /**
   * EDBGWR into a debug Keep at `offset` from the base; of an emulated one, or into a VM. Resolves with the number of bytes that were
   * written: up to the first page that is not there.
   */
  async debugWrite(offset: bigint, bytes: Uint8Array): Promise<number> {
    const request = Buffer.concat([DEBUG_WRITE.write({ offset, length: BigInt(bytes.length) }), bytes]);
    const { DEBUG_WRITE: type, DEBUG_WRITTEN: answer } = MESSAGE_TYPE;
    return DEBUG_WRITTEN.read(await this.#request(type, answer, request)).length;
  }

  /**
   * Registers of a thread that stands still, of a VM-based Keep with a debugger: DEBUG_STATE_SIZE bytes, and where they are (REGISTERS_IN).
   * With `bytes`, which are as long, they are changed first.
   */
  async debugRegisters(thread: number, bytes: Uint8Array = new Uint8Array(0)): Promise<ThreadRegisters> {
    const request = Buffer.concat([DEBUG_REGISTERS.write({ thread }), bytes]);
    const { DEBUG_REGISTERS: type, DEBUG_REGISTERS_ARE: answer } = MESSAGE_TYPE;
    return readRegisters(await this.#request(type, answer, request));
  }

  /** Makes all threads stand still; `stopped` hears when they do. */
  debugStop(): void {
    this.#helper.send(frame(MESSAGE_TYPE.DEBUG_STOP, 0));
  }

  /** Lets threads that stand still go on: a STOP_ACTION for each TCS. */
  debugGo(actions: Uint8Array): void {
    this.#helper.send(frame(MESSAGE_TYPE.DEBUG_GO, 0, actions));
  }

  /** Ends the Keep: `exited` becomes `killed`, unless it ended by itself just before. */
  abort(): void {
    if (this.#ended !== undefined) return;
    this.#aborted = true;
    this.#helper.send(frame(MESSAGE_TYPE.ABORT, 0));
    // The Keep may have its helper in a state that answers nothing.
    this.#helper.killLater(GRACE_AFTER_ABORT_MS);
  }

  /** Lets the helper go; needed only with `linger`. Resolves when the process is gone. */
  async close(): Promise<void> {
    if (this.#ended === undefined) this.abort();
    await this.#end.promise;
    this.#release();
    await this.#helper.exited;
  }

  #release(): void {
    this.#released = true;
    this.#helper.release();
  }

  #follow(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const abort = (): void => this.abort();
    signal.addEventListener('abort', abort, { once: true });
    void this.exited.then(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  }

  #request(type: number, answer: number, payload?: Uint8Array): Promise<Uint8Array> {
    if (this.#released) return Promise.reject(new MotteError('KEEP_CLOSED'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { answer, resolve, reject });
      this.#helper.send(frame(type, id, payload));
    });
  }

  #onMessage(message: Message): void {
    switch (message.type) {
      case MESSAGE_TYPE.STARTED: {
        const {
          version,
          base,
          landlock,
          cr4_missing: cr4,
          cpuid_corrected: cpuid,
        } = STARTED.read(message.payload);
        if (version !== PROTOCOL_VERSION) {
          throw new MotteError('HELPER_PROTOCOL', {
            field: 'STARTED.version',
            expected: PROTOCOL_VERSION,
            found: version,
          });
        }
        this.#base = base;
        this.#landlock = landlock;
        this.#cr4Missing = cr4;
        this.#cpuidCorrected = cpuid;
        this.#started.resolve();
        return;
      }
      case MESSAGE_TYPE.ENDED: {
        const { end, stats } = decodeEnded(message.payload);
        this.#lastStats = stats;
        this.#finish(end);
        if (this.#input.linger) this.#helper.spare();
        else this.#release();
        return;
      }
      case MESSAGE_TYPE.TRACE:
        void this.#onTrace(message.payload);
        return;
      case MESSAGE_TYPE.STOPPED:
        this.#input.stopped?.(readStop(message.payload));
        return;
      case MESSAGE_TYPE.PEEKED:
      case MESSAGE_TYPE.DEBUG_BYTES:
      case MESSAGE_TYPE.DEBUG_WRITTEN:
      case MESSAGE_TYPE.DEBUG_REGISTERS_ARE:
      case MESSAGE_TYPE.STATISTICS: {
        const waiting = this.#waiting.get(message.id);
        if (waiting?.answer !== message.type) {
          throw new MotteError('HELPER_PROTOCOL', { field: 'MESSAGE.id', found: message.id });
        }
        this.#waiting.delete(message.id);
        waiting.resolve(message.payload);
        return;
      }
      default:
        throw new MotteError('HELPER_PROTOCOL', { field: 'MESSAGE.type', found: message.type });
    }
  }

  /** The Keep's thread waits for the answer, so a listener that fails ends the Keep. */
  async #onTrace(payload: Uint8Array): Promise<void> {
    try {
      const answer = await this.#input.listener?.(readTold(payload));
      this.#helper.send(frame(MESSAGE_TYPE.TRACED, 0, TRACED.write({ answer: answer ?? TRACE_ANSWER.MUTE })));
    } catch (error) {
      this.#broken(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #finish(end: End): void {
    if (this.#ended !== undefined) return;
    this.#ended = end;
    // Has no effect once the Keep was started.
    this.#started.reject(
      new MotteError('HELPER_START', {
        field: end.cause ?? end.ended,
        message: `the Keep could not be started: ${end.reason ?? end.ended}`,
      }),
    );
    if (this.#input.linger) this.#end.resolve(end);
  }

  #broken(error: Error): void {
    this.#finish({ ended: 'killed', status: 0, cause: 'HELPER_PROTOCOL', reason: error.message });
    this.#helper.kill();
  }

  #onExit(exit: HelperExit): void {
    this.#released = true;
    this.#finish(this.#aborted ? ABORTED : died(exit));
    for (const waiting of this.#waiting.values()) waiting.reject(new MotteError('KEEP_CLOSED'));
    this.#waiting.clear();
    if (this.#ended !== undefined) this.#end.resolve(this.#ended);
  }
}

function died({ status, signal }: HelperExit): End {
  const how = signal === null ? `with exit status ${status ?? 'unknown'}` : `by ${signal}`;
  return {
    ended: 'killed',
    status: 0,
    cause: 'HELPER_DIED',
    reason: `the helper process ended ${how} before the Keep did`,
  };
}
