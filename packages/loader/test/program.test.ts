// SPDX-License-Identifier: Apache-2.0
// A real program on the real shim through `load`, in every way that load can be asked.
import { defaultConfig } from '@motte/config/keep-toml';
import { SITE_KIND } from '@motte/elf/sites';
import { program } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { developerSigner } from '@motte/loader/keep/developer-key';
import { prepareSgxKeep } from '@motte/loader/keep/prepare';
import { load } from '@motte/loader/load';
import { platformInfo } from '@motte/loader/platform';
import { shimPlace } from '@motte/loader/prebuilt';
import type { KeepConfig } from '@motte/config/keep-config';
import type { Site } from '@motte/elf/sites';
import type { Readable } from 'node:stream';
import type { End, KeepStats, LoadOptions } from '@motte/loader/load';

const key = join(tempFolder('motte-key'), 'sub', 'developer.pem');
const config = defaultConfig();

test('a folder that cannot be made is an error and no endless try', () => {
  // In /proc a folder's making fails with ENOENT though its parent is there.
  assert.throws(() => developerSigner('/proc/nothing/deep/developer.pem'), /ENOENT/);
});

interface Row {
  readonly name: string;
  readonly config?: Partial<KeepConfig>;
  readonly options?: LoadOptions;
  readonly stdin?: string;
  readonly end?: Partial<End>;
  readonly said?: readonly RegExp[];
  readonly stats?: (stats: KeepStats, sites: readonly Site[]) => void;
}

/** Where the kernel does not let programs use WRFSBASE, its sites are patched whatever is asked for. */
function forced(sites: readonly Site[]): number {
  if (platformInfo().cpu.fsgsbaseKernel) return 0;
  return sites.filter(({ kind }) => kind !== SITE_KIND.ENCLU).length;
}

const EXITED: Partial<End> = { ended: 'exited', status: 3 };

const ROWS: readonly Row[] = [
  { name: 'as it is', said: [/^tls 42$/m, /^K = \(none\)$/m], stats: (s) => assert.ok(s.patchedSites > 0) },
  {
    name: 'standard input to its end',
    stdin: 'one\ntwo without an end',
    said: [/^in: one$/m, /^in: two without an end/m],
  },
  {
    name: 'the SGX1 layout',
    config: { sgx: { ...config.sgx, version: 1 } },
    said: [/^tls 42$/m],
    stats: (s) => assert.is(s.augmented, 0),
  },
  { name: 'DEBUG', config: { sgx: { ...config.sgx, debug: true } }, said: [/^tls 42$/m] },
  { name: 'strict', options: { emulate: 'strict' }, said: [/^tls 42$/m] },
  {
    name: 'nothing patched',
    options: { patch: false },
    stats: (s, sites) => assert.is(s.patchedSites, forced(sites)),
  },
  {
    name: 'a heap of 16 GiB',
    config: { memory: 16n << 30n },
    stats: (s) => assert.ok(s.pagesMost < 100_000, 'only what is used is there'),
  },
  {
    name: 'interrupts at random',
    options: { emulation: { aexPeriodUs: 300, seed: 7n } },
    said: [/^tls 42$/m],
    stats: (s) => assert.ok(s.injected > 0),
  },
  {
    name: 'a driver that does one page a call',
    options: { emulation: { ioctlPages: 1 } },
    said: [/^tls 42$/m],
  },
  {
    name: 'fixed arguments and environment',
    config: { args: ['a b', ''], env: [{ key: 'K', value: 'fixed', measured: true }] },
    said: [/^argv\[1\] = a b$/m, /^argv\[2\] = $/m, /^K = fixed$/m],
  },
  {
    name: "the host's arguments and environment, where they are left to it",
    config: { args: 'host', env: 'host' },
    options: { args: ['x'], env: ['K=from the host'] },
    said: [/^argv\[1\] = x$/m, /^K = from the host$/m],
  },
  {
    name: "the host's arguments, where they are fixed",
    options: { args: ['x'] },
    end: { ended: 'refused', cause: 'CONFIG_ARGS' },
  },
  {
    name: "the host's environment, where it is fixed",
    options: { env: ['K=x'] },
    end: { ended: 'refused', cause: 'CONFIG_ENV' },
  },
  {
    name: 'an EPC that is too small',
    options: { limits: { epcPages: 300 } },
    end: { ended: 'killed', cause: 'EPC_EXHAUSTED' },
  },
  {
    name: 'a millisecond',
    options: { limits: { timeMs: 1 } },
    end: { ended: 'killed', cause: 'TIME_LIMIT' },
  },
];

const built = program('tls');
const shims = ['sgx1.elf', 'sgx2.elf'].filter((name) => !existsSync(shimPlace(name)));
const lacking = 'skipped' in built ? built.skipped : shims.map((name) => `${name} is not built`).join(', ');
if (lacking !== '' || 'skipped' in built) console.log(`skipped: a program on the shim: ${lacking}`);
else {
  for (const row of ROWS) {
    test(`a program: ${row.name}`, async () => {
      const image = prepareSgxKeep({
        exec: built.path,
        config: { ...config, ...row.config },
        signer: developerSigner(key),
      });
      const keep = await load(image, { emulate: true, stdio: 'pipe', ...row.options });
      image.close();
      keep.stdin?.on('error', () => undefined);
      keep.stdin?.end(row.stdin ?? '');
      const all = (stream: Readable | null): Promise<string> =>
        stream === null ? Promise.resolve('') : text(stream);
      const [end, out, err, stats] = await Promise.all([
        keep.exited,
        all(keep.stdout),
        all(keep.stderr),
        keep.exited.then(() => keep.stats()),
      ]);
      for (const [name, value] of Object.entries(row.end ?? EXITED)) {
        assert.is(end[name as keyof End], value, JSON.stringify({ end, out, err }));
      }
      if (end.ended === 'exited') assert.match(err, 'to stderr');
      for (const pattern of row.said ?? []) assert.match(out, pattern);
      row.stats?.(stats, image.sites ?? []);
    });
  }

  test('two Keeps at once have nothing to do with each other', async () => {
    const image = prepareSgxKeep({ exec: built.path, signer: developerSigner(key) });
    const ends = await Promise.all(
      ['first\n', 'second\n'].map(async (line) => {
        const keep = await load(image, { emulate: true, stdio: ['pipe', 'pipe', 'ignore'] });
        keep.stdin?.end(line);
        const [end, out] = await Promise.all([keep.exited, keep.stdout === null ? '' : text(keep.stdout)]);
        assert.is(end.status, 3);
        return out;
      }),
    );
    image.close();
    assert.match(ends[0] ?? '', /^in: first$/m);
    assert.match(ends[1] ?? '', /^in: second$/m);
    assert.not.match(ends[0] ?? '', /second/);
  });
}

test.run();
