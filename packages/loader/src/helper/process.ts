// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { MotteError } from '@motte/binary/error';
import { HELPER_FD } from '../protocol/messages.js';
import { systemCode } from '../native.js';
import { Unframer } from './framing.js';
import type { ChildProcess } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Message } from './framing.js';

/** Where a standard stream of the Keep goes: this process's own, a stream of the Keep object, or nowhere. */
export type StdioMode = 'inherit' | 'pipe' | 'ignore';

export interface HelperInput {
  /** The helper's executable. */
  readonly path: string;
  readonly stdio: readonly [StdioMode, StdioMode, StdioMode];
  /** Descriptors that the helper inherits: the Keep's memory, and under emulation the EPC state. */
  readonly memory: number;
  readonly epc?: number;
}

/** Milliseconds that a helper has to leave by itself once it was told to; then it is killed. */
export const GRACE_MS = 2000;

/** How a helper process ended. */
export interface HelperExit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * The helper process and the socket to it. It knows of messages but not of their meaning. Whoever starts one awaits
 * `exited`: until then the process exists.
 */
export class HelperProcess {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Resolves when the process is gone, however that came about. */
  readonly exited: Promise<HelperExit>;
  readonly #child: ChildProcess;
  readonly #control: Duplex;
  readonly #unframer = new Unframer();
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    child: ChildProcess,
    onMessage: (message: Message) => void,
    onBroken: (error: Error) => void,
  ) {
    this.#child = child;
    [this.stdin, this.stdout, this.stderr] = [child.stdin, child.stdout, child.stderr];
    this.#control = child.stdio[HELPER_FD.CONTROL] as Duplex;
    this.exited = new Promise((resolve) => {
      child.once('exit', (status, signal) => {
        clearTimeout(this.#timer);
        this.#control.destroy();
        resolve({ status, signal });
      });
    });
    this.#control.on('data', (bytes: Uint8Array) => {
      try {
        for (const message of this.#unframer.push(bytes)) onMessage(message);
      } catch (error) {
        onBroken(error instanceof Error ? error : new Error(String(error)));
      }
    });
    // A broken pipe says what `exited` will say.
    this.#control.on('error', () => undefined);
  }

  /** Starts the helper. Rejects with HELPER_START when the machine cannot. */
  static async start(
    input: HelperInput,
    onMessage: (message: Message) => void,
    onBroken: (error: Error) => void,
  ): Promise<HelperProcess> {
    const failed = (cause: unknown): MotteError =>
      new MotteError('HELPER_START', {
        field: input.path,
        message: `the helper process cannot be started${startHint(cause)}`,
        cause,
      });
    let child: ChildProcess;
    try {
      child = spawn(input.path, [], {
        env: {},
        stdio: [...input.stdio, 'pipe', input.memory, ...(input.epc === undefined ? [] : [input.epc])],
      });
    } catch (cause) {
      throw failed(cause);
    }
    const started = new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => reject(failed(cause)));
    });
    // Listeners first: the helper may answer, or die, before the promise above is awaited.
    const helper = new HelperProcess(child, onMessage, onBroken);
    await started;
    return helper;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(frame: Uint8Array): void {
    if (this.#control.writable) this.#control.write(frame);
  }

  /** Closes the socket, upon which the helper leaves; kills it when it does not within GRACE_MS. */
  release(): void {
    this.#control.end();
    this.killLater(GRACE_MS);
  }

  killLater(milliseconds: number): void {
    this.#timer ??= setTimeout(() => this.kill(), milliseconds);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'its file may not be executed; is the folder mounted noexec?',
  ENOENT: 'its file is missing',
  ENOEXEC: 'its file is for another machine',
  EAGAIN: 'the limit of processes is reached (ulimit -u)',
  ENOMEM: 'the machine is out of memory',
  EMFILE: 'this process has too many files open (ulimit -n)',
};

function startHint(cause: unknown): string {
  const code = systemCode(cause);
  return code === undefined ? '' : `: ${code}, ${HINTS[code] ?? 'an error of the system'}`;
}
