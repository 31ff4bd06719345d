// SPDX-License-Identifier: Apache-2.0
// A VM-based Keep as a VmRun describes it, started where /dev/kvm is.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bytesSource } from '@motte/binary/source';
import { finish } from '@motte/binary/steps';
import { parseKeepToml } from '@motte/config/keep-toml';
import { packFilesSteps } from '@motte/loader/keep/image-files';
import type { PackedFiles } from '@motte/loader/keep/image-files';
import { load } from '@motte/loader/load';
import type { Image, Keep } from '@motte/loader/load';
import type { Lie } from '@motte/loader/helper/start';
import { helperPath, shimPath } from '@motte/loader/prebuilt';
import { KEEP_TEES } from '@motte/measure/keep-tees';
import { planKeep } from '@motte/plan/plan-keep';
import { freePort } from '@motte/test-helpers/port';
import { tempFolder } from '@motte/test-helpers/temp';
import { OUTSIDE, PORT } from './vm-run.js';
import type { PlainLie, VmRun } from './vm-run.js';

/** No overlay, as /tmp is in a machine of scripts/tcg: there the inodes of a listing are not those of the files. */
const FOLDERS = tempFolder('motte-vm-data', '/dev/shm');

const lieOf = ({ value, at, ...lie }: PlainLie): Lie => ({
  ...lie,
  value: BigInt(value),
  ...(at === undefined ? {} : { at: BigInt(at) }),
});

/** Below one folder `in`, a copy of `from`, and `out`, which nothing in the Keep may reach: a fresh one each time. */
function places(from: string): string {
  const at = mkdtempSync(join(FOLDERS, 'data-'));
  cpSync(from, join(at, 'in'), { recursive: true, verbatimSymlinks: true });
  mkdirSync(join(at, 'out'));
  writeFileSync(join(at, 'out/canary'), 'canary');
  return at;
}

/** Plans of what has no files, by what they are made of: many Keeps differ in their hosts alone. */
const plans = new Map<string, Image>();

function imageOf(run: VmRun, settings: string): [Image, PackedFiles?] {
  const key = JSON.stringify([run.path, run.tee, run.shim, settings]);
  const known = plans.get(key);
  if (known !== undefined) return [known];
  const made = planned(run, settings);
  if (made[1] === undefined) plans.set(key, made[0]);
  return made;
}

function planned(
  { path, folder = '.', tee = 'kvm', shim = 'vm' }: VmRun,
  settings: string,
): [Image, PackedFiles?] {
  const config = parseKeepToml(`args = "host"\nenv = "host"\n${settings}`);
  const packed = config.image.length > 0 ? finish(packFilesSteps(config.image, folder, true)) : undefined;
  const keep = planKeep({
    exec: bytesSource(readFileSync(path)),
    shim: bytesSource(readFileSync(shimPath(`${shim}.elf`))),
    file: path,
    argv0: path,
    config,
    tee: KEEP_TEES[tee],
    ...(packed === undefined ? {} : { index: packed }),
  });
  if (packed === undefined) return [keep];
  return [packed.served === undefined ? keep : { ...keep, files: packed.served }, packed];
}

/** One that runs. */
export interface Started {
  readonly keep: Keep;
  /** Where its clients find it. */
  readonly port: number;
  /** What holds the granted directory, and one beside it. */
  readonly at?: string;
}

export async function startInVm(run: VmRun): Promise<Started> {
  const { args, env = [['K', 'value']], tee = 'kvm', lies = [], data, clients, switchless = false } = run;
  const port = clients === undefined ? 0 : await freePort();
  const at = data === undefined ? undefined : places(data);
  const filled = (text: string): string =>
    text.replaceAll(PORT, String(port)).replaceAll(OUTSIDE, at === undefined ? '' : join(at, 'out'));
  const [image, packed] = imageOf(run, filled(run.keep));
  try {
    const keep = await load(image, {
      backend: tee,
      emulate: tee === 'snp',
      args: args.map(filled),
      env: env.map(([name, value]) => `${name}=${value}`),
      stdio: ['pipe', 'pipe', 'pipe'],
      switchless,
      // What it has cost is read after its end; a hostile host may be gone before.
      linger: lies.length === 0,
      limits: { timeMs: run.seconds * 1000 },
      ...(at === undefined ? {} : { grants: { '/data': join(at, 'in') } }),
      ...(lies.length === 0
        ? {}
        : {
            helper: join(dirname(helperPath()), 'motte-helper-hostile'),
            emulation: { lies: lies.map(lieOf) },
          }),
    });
    return { keep, port, ...(at === undefined ? {} : { at }) };
  } finally {
    // The helper has its own descriptors of it by now.
    packed?.close();
  }
}
