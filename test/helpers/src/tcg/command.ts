// SPDX-License-Identifier: Apache-2.0
// A command that runs in the machine: what it gets, what it says, how it ends.
import { Readable } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import { TcgError } from './error.js';

export interface CommandOptions {
  readonly cwd?: string;
  /** All of its environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Uint8Array | Readable;
  /** Where its output goes as it comes; collected where there is none. */
  readonly stdout?: (bytes: Buffer) => void;
  readonly stderr?: (bytes: Buffer) => void;
  /** After this it is ended, with all that it started. */
  readonly seconds?: number;
}

export interface Ended {
  /** Exit status, or null if a signal ended it. */
  readonly status: number | null;
  /** Number of the signal, or null. */
  readonly signal: number | null;
  /** Whether it had to be ended after `seconds`. */
  readonly late: boolean;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** So many bytes of input wait in the machine at most. */
const WINDOW = 65_536;
const PIECE = 16_384;

export class Running {
  readonly ended: Promise<Ended>;
  late = false;
  readonly #options: CommandOptions;
  readonly #send: (bytes: Buffer) => void;
  readonly #said: Record<'out' | 'err', Buffer[]> = { out: [], err: [] };
  #resolve!: (ended: Ended) => void;
  #reject!: (error: Error) => void;
  #room = WINDOW;
  #over = false;
  #wake: () => void = () => undefined;

  constructor(options: CommandOptions, send: (bytes: Buffer) => void) {
    this.#options = options;
    this.#send = send;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    void Promise.resolve().then(() => this.#feed());
  }

  /** Sends the input, no faster than the command takes it. */
  async #feed(): Promise<void> {
    const { stdin = new Uint8Array() } = this.#options;
    try {
      for await (const chunk of stdin instanceof Uint8Array ? [stdin] : stdin) {
        const bytes = Buffer.from(chunk as Uint8Array);
        for (let at = 0; at < bytes.length; at += PIECE) {
          const piece = bytes.subarray(at, at + PIECE);
          while (this.#room < piece.length && !this.#over)
            await new Promise<void>((resolve) => (this.#wake = resolve));
          if (this.#over) return;
          this.#room -= piece.length;
          this.#send(piece);
        }
      }
    } catch (error) {
      this.lose(error as Error);
    }
    if (!this.#over) this.#send(Buffer.alloc(0));
  }

  /** Takes what the machine says of it; true when that was the last. */
  take(word: string, number: number, bytes: Buffer): boolean {
    switch (word) {
      case 'out':
      case 'err': {
        const sink = word === 'out' ? this.#options.stdout : this.#options.stderr;
        if (sink !== undefined) sink(bytes);
        else this.#said[word].push(bytes);
        return false;
      }
      case 'took':
        this.#room += number;
        this.#wake();
        return false;
      case 'exit':
        return this.#end(number, null);
      case 'signal':
        return this.#end(null, number);
      case 'failed':
        this.lose(new TcgError('TCG_COMMAND', `it cannot be run: ${getSystemErrorName(-number)}`, number));
        return true;
      default:
        throw new Error(`no frame of a command: ${word}`);
    }
  }

  #end(status: number | null, signal: number | null): true {
    this.#stop();
    const stdout = Buffer.concat(this.#said.out);
    this.#resolve({ status, signal, late: this.late, stdout, stderr: Buffer.concat(this.#said.err) });
    return true;
  }

  #stop(): void {
    this.#over = true;
    this.#wake();
  }

  /** It has no end that is known. */
  lose(error: Error): void {
    this.#stop();
    this.#reject(error);
  }
}
