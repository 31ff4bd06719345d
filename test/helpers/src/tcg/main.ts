// SPDX-License-Identifier: Apache-2.0
// scripts/tcg: one command in a machine of its own.
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { TcgError } from './error.js';
import { Session, type SessionOptions } from './session.js';

const USAGE = `usage: scripts/tcg [OPTION…] -- COMMAND [ARGUMENT…]
Runs COMMAND as root in a machine that QEMU interprets: a CPU with SVM, Debian's cloud kernel, a working /dev/kvm. It sees
the host's files, from this directory and with this environment, and can change none of them. /tmp and /var/tmp are
writable, and what is written there vanishes.
  --timeout S       COMMAND is ended after S seconds (default 600): exit status 124
  --cpu N           CPUs (default 2)
  --memory M        memory in MiB (default 2048)
  --scratch DIR     DIR is writable as /tmp is; may be repeated
  --out DIR         what is written to DIR goes to the host; may be repeated
  --boot-timeout S  a boot may take S seconds (default 120); it is tried twice
  --stats           says on standard error how long the boot and COMMAND took
Exit status: COMMAND's; 128 + N if signal N ended it; 124 late; 125 no machine; 126 or 127 COMMAND cannot be run.`;

const STATUS = { usage: 64, late: 124, none: 125, refused: 126, absent: 127, signal: 128 } as const;

const number = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new TypeError(`${text} is not a number above 0`);
  return value;
};

const whole = (text: string | undefined): number | undefined => {
  const value = number(text);
  if (value !== undefined && !Number.isInteger(value)) throw new TypeError(`${text} is not a whole number`);
  return value;
};

interface Asked {
  readonly argv: readonly string[];
  readonly seconds: number;
  readonly stats: boolean;
  readonly session: SessionOptions;
}

/** What the command line asks for. Throws TypeError. */
function parse(args: readonly string[]): Asked {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true } as const;
  const cut = args.indexOf('--');
  const options = { timeout: text, cpu: text, memory: text, scratch: list, out: list, 'boot-timeout': text };
  const { values } = parseArgs({
    args: args.slice(0, cut < 0 ? args.length : cut),
    options: { ...options, stats: { type: 'boolean' } },
  });
  const argv = cut < 0 ? [] : args.slice(cut + 1);
  if (argv.length === 0) throw new TypeError('no `-- COMMAND`');
  const chosen = {
    cpus: whole(values.cpu),
    memoryMiB: whole(values.memory),
    bootSeconds: number(values['boot-timeout']),
    scratch: values.scratch,
    out: values.out,
  };
  const session = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
  return { argv, seconds: number(values.timeout) ?? 600, stats: values.stats === true, session };
}

const say = (text: string): void => console.error(`tcg: ${text}`);

function failed(error: TcgError, command: string | undefined): number {
  say(error.code === 'TCG_COMMAND' ? `${command}: ${error.message}` : error.message);
  if (error.code !== 'TCG_COMMAND') return STATUS.none;
  return error.errno === constants.errno.ENOENT ? STATUS.absent : STATUS.refused;
}

async function runIn(session: Session, { argv, seconds, stats }: Asked): Promise<number> {
  if (session.boots > 1) say('the first boot failed; this is the second');
  if (!session.kvm) say('the machine has no /dev/kvm');
  const started = Date.now();
  const ended = await session.run(argv, {
    stdin: process.stdin,
    stdout: (bytes) => process.stdout.write(bytes),
    stderr: (bytes) => process.stderr.write(bytes),
    seconds,
  });
  if (stats) say(`boot ${session.bootMs} ms, command ${Date.now() - started} ms`);
  if (ended.late) {
    say(`${argv[0]} was ended after ${seconds} s`);
    return STATUS.late;
  }
  return ended.status ?? STATUS.signal + (ended.signal ?? 0);
}

/** Runs one command; its exit status. */
export async function main(args: readonly string[]): Promise<number> {
  if (args[0] === '--help' || args[0] === '-h') {
    console.log(USAGE);
    return 0;
  }
  let asked: Asked;
  try {
    asked = parse(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    say(`${error.message}\n${USAGE}`);
    return STATUS.usage;
  }
  try {
    const session = await Session.start(asked.session);
    try {
      return await runIn(session, asked);
    } finally {
      await session.end();
    }
  } catch (error) {
    if (!(error instanceof TcgError)) throw error;
    return failed(error, asked.argv[0]);
  }
}
