// SPDX-License-Identifier: Apache-2.0
// Which programs run in Keeps and natively, and what each is given.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { whenStrict } from '@motte/test-helpers/emulation';
import type { ProgramName } from '@motte/test-helpers/programs';
import { ROOT } from '@motte/test-helpers/vectors';

export interface ProgramRun {
  readonly program: ProgramName;
  readonly args?: readonly string[];
  readonly stdin?: Buffer;
  /** Arguments on a CPU that QEMU interprets, where they are others. */
  readonly interpreted?: readonly string[];
  /** Arguments natively, where they are others. */
  readonly natively?: readonly string[];
  /** Also in strict emulation, which takes seconds for the cheap ones and minutes for others: those are left to --strict. */
  readonly strict?: true;
  /** In a VM the host watches for its host calls. */
  readonly switchless?: true;
  /** What Keep.toml says beside arguments and environment. */
  readonly keep?: string;
}

/** Sockets that nothing comes from: the port is of this machine, and need not be open. */
const CONNECTS = 'threads = 4\n[[connect]]\nhost = "127.0.0.1"\nport = 9\n';
const WORDS = Buffer.from('one two two\nthree\nlast line without an end');

/** `folder`: where a program that runs natively has its files. */
export function programRuns(folder: string): readonly ProgramRun[] {
  const script = readFileSync(join(ROOT, 'test/programs/script.lua'));
  return [
    { program: 'tls', args: ['a b', '', '--tee', 'é'], stdin: WORDS },
    { program: 'tls-musl', args: ['x'], stdin: WORDS, strict: true },
    { program: 'files' },
    { program: 'reads', strict: true },
    { program: 'names', args: whenStrict(['7'], []) },
    { program: 'proc' },
    { program: 'identity', strict: true },
    { program: 'stored' },
    { program: 'memory' },
    // More than a Keep keeps of what is free.
    { program: 'give', args: whenStrict(['8', '2'], ['80', '2']) },
    { program: 'signals', interpreted: ['no-sse'], strict: true },
    { program: 'waiting', strict: true },
    { program: 'fifo', keep: 'threads = 4\n', strict: true },
    { program: 'splice', strict: true },
    { program: 'splice-chain', keep: 'threads = 8\n', strict: true },
    { program: 'signalfd', keep: 'threads = 4\n', strict: true },
    { program: 'timers', strict: true },
    { program: 'clock', keep: 'threads = 4\n', strict: true },
    { program: 'closing', args: ['9', whenStrict('50', '2000')], keep: CONNECTS, strict: true },
    { program: 'asks', args: ['2', '300', '0'], keep: 'threads = 4\n', switchless: true },
    { program: 'net', args: ['errors'] },
    { program: 'local', keep: 'threads = 4\n' },
    { program: 'threads', keep: 'threads = 8\n', strict: true },
    { program: 'many', keep: 'threads = 73\n', strict: true },
    { program: 'rust-threads', keep: 'threads = 16\n' },
    { program: 'goroutines', keep: 'threads = 16\n' },
    { program: 'sqlite' },
    {
      program: 'sqlite-file',
      args: ['/tmp/t.db', 'exclusive'],
      natively: [join(folder, 't.db'), 'exclusive'],
    },
    { program: 'sqlite-file', args: ['/tmp/u.db'], natively: [join(folder, 'u.db')] },
    { program: 'lua', stdin: script },
    { program: 'rust', args: ['-v', '--help'], stdin: WORDS },
  ];
}
