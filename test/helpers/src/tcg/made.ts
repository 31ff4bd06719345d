// SPDX-License-Identifier: Apache-2.0
// What the clone makes for the machine: its initramfs, and programs of the host. Made once for each state of the sources.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../vectors.js';
import { cpio } from './cpio.js';
import { CACHE } from './kernel.js';
import type { Parts } from './parts.js';

const SOURCES = join(ROOT, 'test/helpers/native/tcg');
const PROGRAMS = {
  init: ['guest.c', 'mounts.c', 'link.c', 'commands.c'],
  launch: ['launch.c'],
  'kvm-probe': ['kvm-probe.c'],
} as const;
const FLAGS = ['-static', '-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];

type Program = keyof typeof PROGRAMS;

/** A folder of the cache, named by what `fill` makes of `inputs`; two that fill it at a time do not meet. */
function cached(
  name: string,
  inputs: readonly (string | Uint8Array)[],
  fill: (folder: string) => void,
): string {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(`${input.length} `).update(input);
  const folder = join(CACHE, `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const fresh = mkdtempSync(join(CACHE, `${name}.`));
  try {
    fill(fresh);
    chmodSync(fresh, 0o755);
    if (!existsSync(folder)) renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}

/** The path of a program of ours, static, so that it runs wherever its file is seen. */
export function ownProgram(name: Program, compiler: string): string {
  const sources = PROGRAMS[name].map((file) => join(SOURCES, file));
  const inputs = [join(SOURCES, 'guest.h'), ...sources].map((file) => readFileSync(file));
  const folder = cached(name, [compiler, FLAGS.join(' '), ...inputs], (fresh) => {
    const built = spawnSync(compiler, [...FLAGS, ...sources, '-o', join(fresh, name)], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`${name}: ${built.error?.message ?? built.stderr}`);
  });
  return join(folder, name);
}

/** The path of the initramfs: init and the modules, with their order. */
export function initramfs({ compiler, kernel }: Parts): string {
  const init = readFileSync(ownProgram('init', compiler));
  const names = kernel.modules.map((path) => basename(path));
  const folder = cached('initramfs', [init, kernel.sha256, names.join(' ')], (fresh) => {
    const archive = cpio([
      { name: 'dev', mode: 0o755 },
      // The kernel opens it for init before init can mount a devtmpfs.
      { name: 'dev/console', mode: 0o600, device: [5, 1] },
      { name: 'modules', mode: 0o755 },
      { name: 'modules/order', mode: 0o644, bytes: Buffer.from(`${names.join('\n')}\n`) },
      ...kernel.modules.map((path) => ({
        name: `modules/${basename(path)}`,
        mode: 0o644,
        bytes: readFileSync(path),
      })),
      { name: 'init', mode: 0o755, bytes: init },
    ]);
    writeFileSync(join(fresh, 'initramfs'), archive);
  });
  return join(folder, 'initramfs');
}
