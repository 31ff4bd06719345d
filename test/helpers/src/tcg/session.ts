// SPDX-License-Identifier: Apache-2.0
// One boot that serves many commands, one after the other or side by side.
import { mkdirSync, realpathSync } from 'node:fs';
import { Running, type CommandOptions, type Ended } from './command.js';
import { TcgError } from './error.js';
import { FrameReader, frame, nulEnded, type Frame } from './frames.js';
import { Machine, type MachineShape } from './machine.js';
import { findParts, type Parts } from './parts.js';

export interface SessionOptions {
  readonly cpus?: number;
  readonly memoryMiB?: number;
  /** Directories that commands may write, above what the host has there; it vanishes with the machine. */
  readonly scratch?: readonly string[];
  /** Directories whose changes go through to the host; made where they are not. */
  readonly out?: readonly string[];
  /** How long one boot may take. */
  readonly bootSeconds?: number;
}

/** Where programs expect to write. /run and /dev/shm are the machine's own, and empty. */
const SCRATCH = ['/tmp', '/var/tmp'];
/** 2 to 3 s on a machine that has nothing else to do. */
const BOOT_SECONDS = 120;
const BOOTS = 2;
/** A machine that does not end a command within this is given up. */
const KILL_MS = 20_000;

interface Boot {
  readonly shape: MachineShape;
  readonly scratch: readonly string[];
  readonly limit: number;
}

type Link = Awaited<ReturnType<Machine['start']>>;

export class Session {
  readonly #machine: Machine;
  readonly #link: Link;
  readonly #running = new Map<number, Running>();
  readonly #answers = new Map<number, (errno: number) => void>();
  #last = 0;
  #lost: TcgError | undefined;
  #ready: (kvm: boolean) => void = () => undefined;
  #failed: (error: TcgError) => void = () => undefined;

  /** From the start of the processes to the first command; and how many boots it took. */
  bootMs = 0;
  boots = 1;
  /** Whether the machine has /dev/kvm. */
  kvm = false;

  private constructor(machine: Machine, link: Link) {
    this.#machine = machine;
    this.#link = link;
    const reader = new FrameReader();
    link.stdout.on('data', (chunk: Buffer) => {
      try {
        for (const next of reader.push(chunk)) this.#take(next);
      } catch (error) {
        this.#lose(`the machine said what is ${(error as Error).message}`);
      }
    });
    link.once('close', (status, signal) => this.#lose(`QEMU ended with ${signal ?? `status ${status}`}`));
  }

  /** Boots a machine, once more if it does not come up. */
  static async start(options: SessionOptions = {}): Promise<Session> {
    const parts = findParts();
    const out = (options.out ?? []).map((path) => {
      mkdirSync(path, { recursive: true });
      return realpathSync(path);
    });
    const scratch = [...SCRATCH, ...(options.scratch ?? [])].map((path) => realpathSync(path));
    const shape = { cpus: options.cpus ?? 2, memoryMiB: options.memoryMiB ?? 2048, out };
    const limit = 1000 * (options.bootSeconds ?? BOOT_SECONDS);
    for (let boot = 1; ; boot++) {
      try {
        const session = await Session.#boot(parts, { shape, scratch, limit });
        session.boots = boot;
        return session;
      } catch (error) {
        if (!(error instanceof TcgError) || error.code !== 'TCG_BOOT' || boot === BOOTS) throw error;
      }
    }
  }

  static async #boot(parts: Parts, { shape, scratch, limit }: Boot): Promise<Session> {
    const started = Date.now();
    const machine = new Machine();
    let timer: NodeJS.Timeout | undefined;
    try {
      const session = new Session(machine, await machine.start(parts, shape));
      timer = setTimeout(() => session.#lose(`it was not up after ${limit / 1000} s`), limit);
      session.kvm = await new Promise<boolean>((resolve, reject) => {
        session.#ready = resolve;
        session.#failed = reject;
      });
      for (const path of scratch) await session.#mount('scratch', path);
      for (const path of shape.out) await session.#mount('out', path);
      session.bootMs = Date.now() - started;
      machine.hold(false);
      return session;
    } catch (error) {
      const lost = error instanceof TcgError && error.code === 'TCG_LOST';
      const words = lost ? '' : machine.lastWords();
      await machine.end();
      if (error instanceof TcgError && !lost) throw error;
      throw new TcgError('TCG_BOOT', `the machine did not start: ${(error as Error).message}${words}`);
    } finally {
      clearTimeout(timer);
    }
  }

  #lose(why: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = new TcgError('TCG_LOST', `${why}${this.#machine.lastWords()}`);
    this.#failed(this.#lost);
    for (const running of this.#running.values()) running.lose(this.#lost);
    this.#running.clear();
    void this.#machine.end();
  }

  #take({ id, word, number, bytes }: Frame): void {
    if (word === 'ready') return this.#ready(number === 1);
    if (word === 'done') return this.#answers.get(id)?.(number);
    const running = this.#running.get(id);
    if (running === undefined) throw new Error(`no frame of ours: ${id} ${word}`);
    if (!running.take(word, number, bytes)) return;
    this.#running.delete(id);
    if (this.#running.size === 0) this.#machine.hold(false);
  }

  async #mount(word: 'scratch' | 'out', path: string): Promise<void> {
    const id = ++this.#last;
    const errno = await new Promise<number>((resolve, reject) => {
      this.#answers.set(id, resolve);
      this.#failed = reject;
      this.#link.stdin.write(frame(id, word, nulEnded([path])));
    });
    this.#answers.delete(id);
    if (errno === 0) return;
    throw new TcgError('TCG_MOUNT', `${path} cannot be mounted to be written: errno ${errno}`, errno);
  }

  /** Runs a command; by default here, with this environment and no input. It is never run twice. */
  async run(argv: readonly string[], options: CommandOptions = {}): Promise<Ended> {
    if (this.#lost !== undefined) throw this.#lost;
    const id = ++this.#last;
    const environment = Object.entries(options.env ?? process.env)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${value}`);
    const request = nulEnded([options.cwd ?? process.cwd(), String(argv.length), ...argv, ...environment]);
    const running = new Running(options, (bytes) => this.#link.stdin.write(frame(id, 'in', bytes)));
    this.#running.set(id, running);
    this.#machine.hold(true);
    this.#link.stdin.write(frame(id, 'run', request));
    const { seconds } = options;
    const timers: NodeJS.Timeout[] = [];
    if (seconds !== undefined) {
      const kill = (): void => {
        running.late = true;
        this.#link.stdin.write(frame(id, 'kill'));
        timers.push(setTimeout(() => this.#lose(`${argv[0]} could not be ended`), KILL_MS));
      };
      timers.push(setTimeout(kill, 1000 * seconds));
    }
    try {
      return await running.ended;
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
  }

  /** Ends the machine and what runs in it. */
  async end(): Promise<void> {
    this.#lose('the session was ended');
    await this.#machine.end();
  }
}
