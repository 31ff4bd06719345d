// SPDX-License-Identifier: Apache-2.0
// Runs the rows of keep-rows.ts one after the other where /dev/kvm is, and prints a line of JSON for each: for keeps.test.ts,
// which may have to bring this into a machine of scripts/tcg. Argument: programs.c, compiled.
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { parseKeepToml } from '@motte/config/keep-toml';
import { readElf } from '@motte/elf/read';
import { readSymbols, symbolTable } from '@motte/elf/symbols';
import { load } from '@motte/loader/load';
import { helperPath, shimPath } from '@motte/loader/prebuilt';
import { DEFAULT_POLICY } from '@motte/loader/snp/launch';
import { vmInfo } from '@motte/loader/vm/launch';
import { KEEP_KVM } from '@motte/measure/profiles/keep';
import { measureSnp } from '@motte/measure/snp';
import { planKeep } from '@motte/plan/plan-keep';
import { vmLaunchPlan } from '@motte/plan/vm/launch';
import { createP384Key, snpSignerFromPem } from '@motte/sign/snp/ecdsa-node';
import { idAuth, idBlock } from '@motte/sign/snp/id-block';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Lie } from '@motte/loader/helper/start';
import { KEEP_ROWS } from './keep-rows.js';
import type { KeepLie, KeepRow } from './keep-rows.js';

const exec = bytesSource(readFileSync(process.argv[2] ?? ''));
const keep = planKeep({
  exec,
  shim: bytesSource(readFileSync(shimPath('vm.elf'))),
  file: 'programs',
  argv0: 'programs',
  config: parseKeepToml('threads = 4\nmemory = "96MiB"\nargs = "host"\n'),
  tee: { tee: 'snp', ...KEEP_KVM },
});
const info = vmInfo(keep.plan);
const HOSTILE = join(dirname(helperPath()), 'motte-helper-hostile');

/** Within the Keep. */
function placeOf(value: KeepLie['value']): bigint {
  if (typeof value === 'bigint') return value;
  if (value === 'unused') return info.pages_start + (12n << 20n);
  const elf = readElf(exec);
  const table = symbolTable(elf);
  const symbols = table === undefined ? [] : [...readSymbols(elf, table)];
  const target = symbols.find(({ name }) => name === 'target');
  if (target === undefined) throw new Error('no symbol `target`');
  return info.exec_start + target.value + 0x2000n;
}

/** Who vouches for the Keep. */
function idOf(kind: 'right' | 'wrong'): { readonly block: Uint8Array; readonly auth: Uint8Array } {
  const launchDigest = measureSnp(vmLaunchPlan(keep.plan));
  if (kind === 'wrong') launchDigest.reverse();
  const block = idBlock({ launchDigest, guestSvn: 1, policy: DEFAULT_POLICY });
  return { block, auth: idAuth(block, snpSignerFromPem(createP384Key().privateKey)) };
}

const lieOf = (lie: KeepLie): Lie => ({ ...lie, value: placeOf(lie.value) });

async function once({ args, lies = [], timeMs = 60_000, ioctlPages = 0, id }: KeepRow): Promise<unknown> {
  const running = await load(keep, {
    backend: 'snp',
    emulate: true,
    args,
    stdio: ['ignore', 'pipe', 'ignore'],
    linger: true,
    limits: { timeMs },
    emulation: { lies: lies.map(lieOf), ioctlPages },
    ...(id === undefined ? {} : { snp: { id: idOf(id) } }),
    ...(lies.length === 0 ? {} : { helper: HOSTILE }),
  });
  const out = running.stdout === null ? Promise.resolve('') : text(running.stdout);
  const end = await running.exited;
  const stats = await running.stats();
  const { hidden } = await running.peek(info.exec_start, 16);
  await running.close();
  return {
    end,
    out: await out,
    hidden,
    measurement: toHex(running.measurement),
    corrected: running.cpuidCorrected,
    patched: stats.patchedSites,
    exits: [...stats.exits],
  };
}

for (const row of KEEP_ROWS) {
  let line: unknown;
  try {
    line = await once(row);
  } catch (error) {
    line = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
