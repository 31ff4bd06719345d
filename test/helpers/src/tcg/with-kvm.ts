// SPDX-License-Identifier: Apache-2.0
// Commands that need /dev/kvm: run here where it is of use, else in a machine of scripts/tcg.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { pipeline } from 'node:stream';
import type { CommandOptions, Ended } from './command.js';
import { TcgError } from './error.js';
import { ownProgram } from './made.js';
import { Session, type SessionOptions } from './session.js';

/** The KVM that commands meet: of hardware, "PVM", which interprets ring 0, or one in an interpreted machine. */
export type KvmKind = 'kvm' | 'pvm' | 'tcg';

export interface Kvm {
  readonly kind: KvmKind;
  /** Why it is not one that would be tried before, or ''. */
  readonly why: string;
  run(argv: readonly string[], options?: CommandOptions): Promise<Ended>;
  /**
   * Runs a command that may be run twice: when an interpreted machine ends meanwhile, or does not even end what is late, another one
   * runs it, and that is said. A command that is late in a machine which answers is late.
   */
  runRepeatable(argv: readonly string[], options: RepeatableOptions): Promise<Ended>;
  /** An interpreted machine is exchanged for another, with all that runs in it; what is no such machine stays. */
  exchange(): Promise<void>;
  end(): Promise<void>;
}

/** What can be given again, and told once. */
export type RepeatableOptions = Omit<CommandOptions, 'stdin' | 'stdout' | 'stderr'> & {
  readonly stdin?: Uint8Array;
  readonly seconds: number;
};

export interface KvmOptions extends SessionOptions {
  /** Which will do; by default any. Without `pvm` one has the system calls of a real CPU. */
  readonly kinds?: readonly KvmKind[];
}

/** What a virtual machine on this machine's /dev/kvm comes to: '' if it runs. */
export function kvmTrouble(compiler: string = process.env['CC'] ?? 'gcc-12'): string {
  if (!existsSync('/dev/kvm')) return '/dev/kvm is not there';
  const probe = spawnSync(ownProgram('kvm-probe', compiler), { encoding: 'utf8', timeout: 10_000 });
  if (probe.status === 0) return '';
  return probe.stdout.trim() || `the probe of /dev/kvm ended with ${probe.signal ?? probe.status}`;
}

/** The command, on this machine. */
export async function runHere(argv: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    cwd: options.cwd,
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const said = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (bytes: Buffer) => (options[name] ?? ((more) => said[name].push(more)))(bytes));
  // A command that does not read its input breaks the pipe, here as in the machine.
  child.stdin.on('error', () => undefined);
  if (options.stdin === undefined || options.stdin instanceof Uint8Array) child.stdin.end(options.stdin);
  else pipeline(options.stdin, child.stdin, () => undefined);
  let late = false;
  const endAll = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // all of the group has ended by itself
    }
  };
  const timer =
    options.seconds === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          endAll();
        }, 1000 * options.seconds);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', endAll);
      child.once('close', (status, name) =>
        resolve({
          status,
          signal: name === null ? null : constants.signals[name],
          late,
          stdout: Buffer.concat(said.stdout),
          stderr: Buffer.concat(said.stderr),
        }),
      );
    });
  } finally {
    clearTimeout(timer);
  }
}

const HERE = {
  run: runHere,
  runRepeatable: runHere,
  exchange: (): Promise<void> => Promise.resolve(),
  end: (): Promise<void> => Promise.resolve(),
};

/** In a machine of scripts/tcg, or in the one that has taken its place. */
class Interpreted implements Kvm {
  readonly kind = 'tcg';
  readonly why: string;
  readonly #options: SessionOptions;
  #session: Promise<Session>;

  constructor(why: string, options: SessionOptions, session: Session) {
    this.why = why;
    this.#options = options;
    this.#session = Promise.resolve(session);
  }

  async run(argv: readonly string[], options?: CommandOptions): Promise<Ended> {
    return (await this.#session).run(argv, options);
  }

  async runRepeatable(argv: readonly string[], options: RepeatableOptions): Promise<Ended> {
    const machine = this.#session;
    try {
      return await (await machine).run(argv, options);
    } catch (error) {
      if (!(error instanceof TcgError) || error.code !== 'TCG_LOST') throw error;
      console.log(`again, in another interpreted machine: ${argv.join(' ')}: ${error.message}`);
      // Of two commands that a machine was lost with, the first has it exchanged.
      if (machine === this.#session) await this.exchange();
      return this.run(argv, options);
    }
  }

  exchange(): Promise<void> {
    const old = this.#session;
    this.#session = old.then(async (session) => {
      await session.end();
      return Session.start(this.#options);
    });
    return this.#session.then(() => undefined);
  }

  async end(): Promise<void> {
    await (await this.#session).end();
  }
}

/** The first KVM that will do. What it takes for the last of them and is missing is told as TcgError. */
export async function openKvm(options: KvmOptions = {}): Promise<Kvm> {
  const kinds = options.kinds ?? ['kvm', 'pvm', 'tcg'];
  const here: KvmKind = existsSync('/sys/module/kvm_pvm') ? 'pvm' : 'kvm';
  const why = kinds.includes(here) ? kvmTrouble() : `this machine’s KVM would be ${here}`;
  if (why === '') return { kind: here, why, ...HERE };
  if (!kinds.includes('tcg')) throw new Error(why);
  return new Interpreted(why, options, await Session.start(options));
}

/** The first KVM that will do, or what is missing for the last of them: why a test is skipped. */
export async function kvmOrWhy(options: KvmOptions = {}): Promise<Kvm | string> {
  try {
    return await openKvm(options);
  } catch (error) {
    if (error instanceof TcgError) return error.message;
    throw error;
  }
}

let shared: Promise<Kvm> | undefined;

/** Runs a command where there is KVM, and says of which kind. All of this process share one machine, which ends with it. */
export async function withKvm(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<Ended & { readonly kind: KvmKind }> {
  shared ??= openKvm();
  const kvm = await shared;
  return { ...(await kvm.run(argv, options)), kind: kvm.kind };
}
