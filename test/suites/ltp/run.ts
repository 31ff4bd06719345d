// SPDX-License-Identifier: Apache-2.0
// Runs one test natively, in namespaces of its own and traced, and in a Keep.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { defaultConfig } from '@motte/config/keep-toml';
import { load, prepareSgxKeep } from '@motte/loader/index';
import type { KeepConfig } from '@motte/config/keep-config';
import { SuiteError } from '../error.js';
import type { LtpTest } from './build.js';
import type { Run } from './reports.js';
import { readTrace } from './trace.js';
import type { Trace } from './trace.js';

/** Output beyond this is cut: no test needs more, and one that says the same for ever must not fill memory. */
const MOST_OUTPUT = 1 << 20;

/** Repeats of tests that go on for a time are kept short; LTP's own variable, and our runner's. */
const ENVIRONMENT = {
  LTP_RUNTIME_MUL: '0.01',
  LTP_COLORIZE_OUTPUT: 'n',
  // No virtual machine: else tests of timers start a program that says whether this is one.
  LTP_VIRT_OVERRIDE: '',
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
};

/**
 * Root of a user namespace, with processes, mounts and a host name of its own: the tests think that they may do everything,
 * and can neither set this machine's clock nor end its processes. A Keep's user is root of nothing as well.
 */
const ALONE = [
  'unshare',
  '--user',
  '--map-root-user',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  '--uts',
  '--ipc',
];

/** The machine's root, mapped, would still own its files and settings. */
const NOBODY = 65534;
const IS_ROOT = process.getuid?.() === 0;
const UNPRIVILEGED = IS_ROOT
  ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...ALONE]
  : ALONE;

/**
 * Within: nothing of the machine can be written but $1; $1/work is a file system in memory, as the Keep's is, and /dev has
 * the devices that a Keep has, so that no test reaches one of the machine's. Then the rest of the line is started there.
 */
const WITHIN = `set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro /
mount -t tmpfs none "$1/work"
mkdir "$1/work/dev" "$1/work/dev/shm" "$1/work/tmp"
for name in null zero random urandom; do
  : >"$1/work/dev/$name"
  mount --bind "/dev/$name" "$1/work/dev/$name"
done
mount --rbind "$1/work/dev" /dev
export TMPDIR="$1/work/tmp"
cd "$TMPDIR"
shift
exec "$@"`;

/** Runs `command` with `folder`, whose `work` it makes, as all that it can write. */
async function alone(folder: string, command: readonly string[], limitMs: number): Promise<Run> {
  mkdirSync(join(folder, 'work'));
  if (IS_ROOT) for (const path of [folder, join(folder, 'work')]) chownSync(path, NOBODY, NOBODY);
  const [program = '', ...args] = [...UNPRIVILEGED, 'sh', '-c', WITHIN, 'sh', folder, ...command];
  return spawned(program, args, limitMs);
}

const STRACE = ['-f', '-qq', '-e', 'signal=none', '-s', '0', '-o'];

/** What the native side needs, as one line that says how to get it; undefined when it is all there. */
export async function lacking(): Promise<string | undefined> {
  return inFolder(async (folder) => {
    const tried = await alone(folder, ['strace', '-o', '/dev/null', 'true'], 10_000);
    if (tried.end === 0) return undefined;
    return `the native runs need \`unshare\` and \`setpriv\` (util-linux), \`strace\` and user namespaces: ${tried.output.trim() || tried.end}`;
  });
}

/** Calls `work` with a folder, which is gone afterwards. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'motte-ltp-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function spawned(command: string, args: readonly string[], limitMs: number): Promise<Run> {
  const child = spawn(command, args, { cwd: '/', env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < MOST_OUTPUT) output += text;
    });
  }
  let late = false;
  // Killing unshare ends its namespace of processes, and so all that the test has started.
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limitMs);
  return new Promise((done) => {
    child.on('error', (error) => {
      clearTimeout(timer);
      done({ output, end: error.message });
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      done({ output, end: late ? `longer than ${limitMs / 1000} s` : (status ?? signal ?? 'unknown') });
    });
  });
}

export async function runNatively(test: LtpTest, limitMs: number): Promise<{ run: Run; trace: Trace }> {
  return inFolder(async (folder) => {
    const record = join(folder, 'trace');
    // Nobody may not be let into the folders above the program: a clone can be in one that is its owner's alone.
    const program = join(folder, basename(test.path));
    copyFileSync(test.path, program);
    chmodSync(program, 0o755);
    const run = await alone(folder, ['strace', ...STRACE, record, program, ...test.args], limitMs);
    if (!existsSync(record)) throw new SuiteError(`${test.name}: no trace: ${run.output}`);
    return { run, trace: readTrace(readFileSync(record, 'utf8')) };
  });
}

export const THREADS = 16;
export const MEMORY: bigint = 512n << 20n;
/** What the tests find in the Keep's environment. */
export const KEEP_ENVIRONMENT: readonly (readonly [name: string, value: string])[] = Object.entries({
  ...ENVIRONMENT,
  TMPDIR: '/tmp',
});

/** What the tests' Keep.toml says: nothing of the host is granted. */
function keepConfig(args: readonly string[]): KeepConfig {
  return {
    ...defaultConfig(),
    args: [...args],
    threads: THREADS,
    memory: MEMORY,
    env: KEEP_ENVIRONMENT.map(([key, value]) => ({ key, value, measured: true })),
  };
}

export async function runInKeep(test: LtpTest, limitMs: number): Promise<Run> {
  const image = prepareSgxKeep({ exec: test.path, config: keepConfig(test.args) });
  try {
    const keep = await load(image, {
      backend: 'sgx',
      emulate: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      limits: { timeMs: limitMs },
    });
    let output = '';
    for (const stream of [keep.stdout, keep.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        if (output.length < MOST_OUTPUT) output += text;
      });
    }
    const end = await keep.exited;
    return { output, end: end.ended === 'exited' ? end.status : `${end.ended}: ${end.reason ?? end.status}` };
  } finally {
    image.close();
  }
}
