// SPDX-License-Identifier: Apache-2.0
// Runs programs in VM-based Keeps one after the other, where /dev/kvm is: reads a JSON array of VmRun from standard input and
// prints a line of JSON for each. For tests that may have to bring it into a machine of scripts/tcg, where starting Node
// is what takes the time.
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { bytesSource } from '@motte/binary/source';
import { parseKeepToml } from '@motte/config/keep-toml';
import { load } from '@motte/loader/load';
import { shimPath } from '@motte/loader/prebuilt';
import { newSha256 } from '@motte/measure/hash';
import { planKeep } from '@motte/plan/plan-keep';
import type { VmRan, VmRun } from './vm-run.js';

const shim = bytesSource(readFileSync(shimPath('vm.elf')));

async function once({ path, args, input, keep: settings, seconds }: VmRun): Promise<VmRan> {
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

for (const run of JSON.parse((await buffer(process.stdin)).toString()) as readonly VmRun[]) {
  const begun = performance.now();
  let ran: VmRan | { readonly error: string };
  try {
    ran = await once(run);
  } catch (error) {
    ran = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify({ ...ran, ms: Math.round(performance.now() - begun) })}\n`);
}
