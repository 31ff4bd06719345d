// SPDX-License-Identifier: Apache-2.0
// Runs programs in VM-based Keeps where /dev/kvm is: reads a JSON array of VmRun from standard input and prints a line of JSON for
// each, when it has ended, with its index. For tests that may have to bring it into a machine of scripts/tcg, where starting Node
// is what takes the time.
import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { bytesSource } from '@motte/binary/source';
import { parseKeepToml } from '@motte/config/keep-toml';
import { load } from '@motte/loader/load';
import { helperPath, shimPath } from '@motte/loader/prebuilt';
import { newSha256 } from '@motte/measure/hash';
import { planKeep } from '@motte/plan/plan-keep';
import { tempFolder } from '@motte/test-helpers/temp';
import type { Lie } from '@motte/loader/helper/start';
import type { PlainLie, VmRan, VmRun } from './vm-run.js';

const FOLDERS = tempFolder('motte-vm-data');
const shim = bytesSource(readFileSync(shimPath('vm.elf')));

const lieOf = ({ value, at, ...lie }: PlainLie): Lie => ({
  ...lie,
  value: BigInt(value),
  ...(at === undefined ? {} : { at: BigInt(at) }),
});

/** What is granted as /data: a fresh one for each Keep, for some change it. */
function dataFolder(): string {
  const folder = mkdtempSync(join(FOLDERS, 'data-'));
  writeFileSync(join(folder, 'file'), 'inside');
  symlinkSync('file', join(folder, 'link'));
  return folder;
}

async function once({
  path,
  args,
  input,
  keep: settings,
  seconds,
  lies = [],
  data = false,
}: VmRun): Promise<VmRan> {
  const config = parseKeepToml(`args = "host"\nenv = "host"\n${settings}`);
  const exec = bytesSource(readFileSync(path));
  const keep = await load(
    planKeep({ exec, shim, file: path, argv0: path, config, tee: { tee: 'kvm', sha256: newSha256 } }),
    {
      backend: 'kvm',
      args,
      env: ['K=value'],
      stdio: ['pipe', 'pipe', 'pipe'],
      limits: { timeMs: seconds * 1000 },
      ...(data ? { grants: { '/data': dataFolder() } } : {}),
      ...(lies.length === 0
        ? {}
        : {
            helper: join(dirname(helperPath()), 'motte-helper-hostile'),
            emulation: { lies: lies.map(lieOf) },
          }),
    },
  );
  // A program that does not read its input breaks the pipe, here as natively.
  keep.stdin?.on('error', () => undefined);
  keep.stdin?.end(Buffer.from(input, 'base64'));
  const { stdout, stderr } = keep;
  if (stdout === null || stderr === null) throw new Error('no pipes');
  const [out, err, end] = await Promise.all([buffer(stdout), buffer(stderr), keep.exited]);
  const stats = await keep.stats();
  return {
    ended: end.ended,
    status: end.status ?? null,
    cause: end.cause ?? null,
    reason: end.reason ?? null,
    out: out.toString('base64'),
    err: err.toString('base64'),
    exits: [...stats.exits],
  };
}

/** Keeps at a time. */
const AT_ONCE = 2;

const runs = JSON.parse((await buffer(process.stdin)).toString()) as readonly VmRun[];
const queue = [...runs.entries()];

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [index, run] = next;
    const begun = performance.now();
    let ran: VmRan | { readonly error: string };
    try {
      ran = await once(run);
    } catch (error) {
      ran = { error: String(error) };
    }
    const line = { index, ...ran, ms: Math.round(performance.now() - begun) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
