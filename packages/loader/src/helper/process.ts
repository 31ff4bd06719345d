// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { MotteError } from '@motte/binary/error';
import { Socket } from 'node:net';
import { native, systemCode } from '../native.js';
import { Unframer } from './framing.js';
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Message } from './framing.js';

/** Where a standard stream of the Keep goes: this process's own, a stream of the Keep object, or nowhere. */
export type StdioMode = 'inherit' | 'pipe' | 'ignore';

export interface HelperInput {
  /** The helper's executable. */
  readonly path: string;
  readonly stdio: readonly [StdioMode, StdioMode, StdioMode];
  /** Descriptors that the helper inherits: the Keep's memory, and under emulation the EPC state. */
  readonly memory: number;
  readonly beside?: number;
  /** SNP of hardware: /dev/sev. */
  readonly sev?: number;
  /** What is granted, in the order of START's GRANTs. */
  readonly grants: readonly number[];
  /** Of START's IMAGE_PARTs. */
  readonly parts: readonly number[];
}

/** Milliseconds that a helper has to leave by itself once it was told to; then it is killed. */
export const GRACE_MS = 2000;

/** Whom the helper's messages go to. */
export interface HelperEvents {
  message(message: Message): void;
  /** The helper said what is no message; nothing that comes after can be trusted. */
  broken(error: Error): void;
}

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
  readonly #control: Socket;
  readonly #unframer = new Unframer();
  #timer: NodeJS.Timeout | undefined;

  private constructor(child: ChildProcess, control: Socket, on: HelperEvents) {
    this.#child = child;
    this.#control = control;
    [this.stdin, this.stdout, this.stderr] = [child.stdin, child.stdout, child.stderr];
    this.exited = this.#gone();
    control.on('data', (bytes: Uint8Array) => {
      try {
        for (const message of this.#unframer.push(bytes)) on.message(message);
      } catch (error) {
        on.broken(error instanceof Error ? error : new Error(String(error)));
      }
    });
    // A broken pipe says what `exited` will say.
    control.on('error', () => undefined);
  }

  /** Starts the helper. Rejects with HELPER_START when the machine cannot. */
  static async start(input: HelperInput, on: HelperEvents): Promise<HelperProcess> {
    try {
      // Made here and not by spawn's 'pipe', which leaks its ends when the process has no descriptor left.
      const [ours, theirs] = native().socketpair();
      try {
        const child = spawn(input.path, [], {
          env: {},
          stdio: [
            ...input.stdio,
            theirs.fd,
            input.memory,
            input.beside ?? 'ignore',
            input.sev ?? 'ignore',
            ...input.grants,
            ...input.parts,
          ],
        });
        const started = new Promise<void>((resolve, reject) => {
          child.once('spawn', resolve);
          child.once('error', reject);
        });
        if (child.pid === undefined) await started;
        // Listeners first: the helper may answer, or die, before the promise above is awaited.
        const helper = new HelperProcess(child, new Socket({ fd: ours.take() }), on);
        await started;
        return helper;
      } finally {
        ours.close();
        theirs.close();
      }
    } catch (cause) {
      if (cause instanceof MotteError) throw cause;
      const message = `the helper process cannot be started${startHint(cause)}`;
      throw new MotteError('HELPER_START', { field: input.path, message, cause });
    }
  }

  /** The process has ended, and what it said before has been read. */
  async #gone(): Promise<HelperExit> {
    const closed = new Promise<void>((resolve) => this.#control.once('close', () => resolve()));
    const exit = await new Promise<HelperExit>((resolve) =>
      this.#child.once('exit', (status, signal) => resolve({ status, signal })),
    );
    clearTimeout(this.#timer);
    // Its end of the socket is closed, unless the helper left it to somebody else.
    const drain = setTimeout(() => this.#control.destroy(), GRACE_MS);
    await closed;
    clearTimeout(drain);
    return exit;
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

  /** Takes back `killLater`. */
  spare(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
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
