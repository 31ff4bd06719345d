// SPDX-License-Identifier: Apache-2.0
// Directories of the machine that a Keep is granted: used as natively, left by no name, unchanged where they are read-only.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { defaultConfig } from '@motte/config/keep-toml';
import { developerSigner } from '@motte/loader/keep/developer-key';
import { prepareSgxKeep } from '@motte/loader/keep/prepare';
import { load } from '@motte/loader/load';
import { EMULATE, EMULATE_FLAG, patience, whenStrict } from '@motte/test-helpers/emulation';
import { program } from '@motte/test-helpers/programs';
import type { ProgramName } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
const folder = tempFolder('motte-hostdir');
let made = 0;

function fresh(): string {
  const path = join(folder, String(made++));
  mkdirSync(path);
  return path;
}

/** A directory to be granted, with a file in it, beside one with a canary. */
function places(): { inside: string; outside: string } {
  const at = fresh();
  const [inside, outside] = [join(at, 'in'), join(at, 'out')];
  mkdirSync(join(inside, 'sub'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(outside, 'canary'), 'canary');
  writeFileSync(join(inside, 'file'), 'inside');
  return { inside, outside };
}

function untouched(outside: string): void {
  assert.equal(readdirSync(outside), ['canary']);
  const { nlink, mode } = statSync(join(outside, 'canary'));
  assert.equal([nlink, mode & 0o777], [1, 0o644]);
  assert.is(readFileSync(join(outside, 'canary'), 'utf8'), 'canary');
}

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly talk: string;
}

function inKeep(line: readonly string[]): Ran {
  const ran = spawnSync(MOTTE, ['run', ...line], { encoding: 'utf8', timeout: patience(240_000) });
  return { status: ran.status, stdout: ran.stdout, talk: ran.stderr };
}

const built = (name: ProgramName): string | undefined => {
  const one = program(name);
  if ('path' in one) return one.path;
  console.log(`skipped: ${name}: ${one.skipped}`);
  return undefined;
};

const hostdir = built('hostdir');
if (hostdir !== undefined) {
  const native = fresh();
  const expected = spawnSync(hostdir, [native], { encoding: 'utf8' });
  const listing = (at: string): string =>
    spawnSync('find', ['.', '-printf', '%p %y %m %l\n'], { cwd: at, encoding: 'utf8' })
      .stdout.split('\n')
      .toSorted()
      .join('\n');

  for (const flags of whenStrict(
    [['--emulate=strict']],
    [['--emulate'], ['--emulate', '--no-patch'], ['--emulate=strict']],
  )) {
    test(`files in a granted directory, ${flags.join(' ')}: as natively`, () => {
      const granted = fresh();
      const ran = inKeep([...flags, '--grant', `/data=${granted}:rw`, hostdir, '/data']);
      assert.is(ran.stdout, expected.stdout, ran.talk);
      assert.is(ran.status, expected.status);
      assert.is(listing(granted), listing(native));
    });
  }

  test('two grants are two: nothing is linked or renamed between them', () => {
    const [one, two] = [fresh(), fresh()];
    writeFileSync(
      join(folder, 'two.toml'),
      [
        'args = ["/one"]',
        `[[files]]\npath = "/one"\nhost = "${one}"\nmode = "rw"`,
        `[[files]]\npath = "/deep/er/two"\nhost = "${two}"`,
      ].join('\n'),
    );
    const ran = inKeep([EMULATE_FLAG, '--config', join(folder, 'two.toml'), hostdir]);
    assert.is(ran.stdout, expected.stdout, ran.talk);
    assert.equal(readdirSync(two), []);
  });

  test('an image names no place on the host: --grant does', () => {
    const granted = fresh();
    const image = join(folder, 'app.keep');
    const toml = join(folder, 'app.toml');
    writeFileSync(toml, 'args = ["/data"]\n[[files]]\npath = "/data"\nhost = "/etc"\nmode = "rw"\n');
    const assembled = spawnSync(MOTTE, ['build', hostdir, '--config', toml, '--output', image], {
      encoding: 'utf8',
    });
    assert.is(assembled.status, 0, assembled.stderr);
    const without = inKeep([EMULATE_FLAG, image]);
    assert.is(without.status, 122);
    assert.match(without.talk, /\/data: .*--grant \/data=HOST.*\[GRANT_HOST\]\n$/s);
    const ran = inKeep([EMULATE_FLAG, '--grant', `/data=${granted}`, image]);
    assert.is(ran.stdout, expected.stdout, ran.talk);
  });

  test('the library takes the places as an option', async () => {
    const granted = fresh();
    const config = {
      ...defaultConfig(),
      args: ['/data'],
      files: [{ path: '/data', host: '', mode: 'rw' as const }],
    };
    const signer = developerSigner(join(tempFolder('motte-key'), 'developer.pem'));
    const image = prepareSgxKeep({ exec: hostdir, config, signer });
    try {
      const keep = await load(image, { emulate: EMULATE, stdio: 'pipe', grants: { '/data': granted } });
      keep.stdin?.end();
      assert.is(await text(keep.stdout ?? Readable.from([])), expected.stdout);
      assert.is((await keep.exited).status, expected.status);
      await assertRejects(() => load(image, { emulate: EMULATE }), 'GRANT_HOST');
      await assertRejects(
        () => load(image, { emulate: EMULATE, grants: { '/data': granted, '/x': '/' } }),
        'LOAD_OPTION',
      );
    } finally {
      image.close();
    }
  });
}

const wal = built('wal');
if (wal !== undefined) {
  const database = (at: string): string =>
    createHash('sha256')
      .update(readFileSync(join(at, 'test.db')))
      .digest('hex');

  for (const flags of whenStrict([['--emulate=strict']], [['--emulate'], ['--emulate', '--no-patch']])) {
    test(`SQLite's write-ahead log, ${flags.join(' ')}: as natively, the database byte by byte`, () => {
      const [native, granted] = [fresh(), fresh()];
      const expected = spawnSync(wal, [native], { encoding: 'utf8' });
      const ran = inKeep([...flags, '--grant', `/data=${granted}:rw`, wal, '/data']);
      assert.is(ran.stdout, expected.stdout, ran.talk);
      assert.is(ran.status, expected.status);
      assert.equal(readdirSync(granted), ['test.db']);
      assert.is(database(granted), database(native));
    });
  }
}

async function assertRejects(call: () => Promise<unknown>, code: string): Promise<void> {
  try {
    await call();
  } catch (error) {
    assert.is((error as { code?: string }).code, code);
    return;
  }
  assert.unreachable(`${code} was expected`);
}

const escape = built('escape');
if (escape !== undefined) {
  for (const flags of whenStrict([['--emulate=strict']], [['--emulate'], ['--emulate=strict']])) {
    test(`no name leads out of a granted directory, ${flags.join(' ')}`, () => {
      const { inside, outside } = places();
      const ran = inKeep([...flags, '--grant', `/data=${inside}:rw`, escape, '/data', 'names', outside]);
      assert.equal([ran.status, ran.stdout], [0, '0 ways out\n'], ran.talk);
      const moved = inKeep([...flags, '--grant', `/data=${inside}:rw`, escape, '/data', 'mounts']);
      assert.equal([moved.status, moved.stdout], [0, '0 ways out\n'], moved.talk);
      untouched(outside);
    });
  }

  test('the program would find the ways out if there were any', () => {
    const { inside, outside } = places();
    const ran = spawnSync(escape, [inside, 'names', outside], { encoding: 'utf8' });
    assert.is(ran.status, 1);
    assert.ok(Number(/^(\d+) ways out$/m.exec(ran.stdout)?.[1]) > 20, ran.stdout);
  });

  test('nor does one while the host swaps a directory for a link', async () => {
    const { inside, outside } = places();
    mkdirSync(join(inside, 'swap'));
    writeFileSync(join(inside, 'swap/canary'), 'inside');
    symlinkSync('../out', join(inside, 'swap-link'));
    const swapper = spawn(escape, [inside, 'swap'], { stdio: ['pipe', 'inherit', 'inherit'] });
    const swapped = new Promise((ended) => swapper.once('exit', ended));
    // Not spawnSync: that would be all that this process does, and a swapper whose input is never closed.
    const run = spawn(
      MOTTE,
      ['run', EMULATE_FLAG, '--grant', `/data=${inside}:rw`, escape, '/data', 'race'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const ended = new Promise((done) => run.once('exit', done));
    const said = await text(run.stdout);
    swapper.stdin.end('\n');
    assert.equal([await ended, await swapped], [0, 0], said);
    assert.is(said, 'opened many, denied many\n0 ways out\n');
    untouched(outside);
  });

  test('what is granted to be read is not written', () => {
    const { inside } = places();
    const before = join(fresh(), 'copy');
    const { mtimeMs, ctimeMs } = statSync(join(inside, 'file'));
    cpSync(inside, before, { recursive: true, preserveTimestamps: true });
    const ran = inKeep([EMULATE_FLAG, '--grant', `/data=${inside}`, escape, '/data', 'ro']);
    assert.is(ran.status, 0, ran.stdout);
    const lines = ran.stdout.trim().split('\n');
    assert.equal(lines.slice(-3), ['read 6 inside', 'open to create what is there: 1', '0 ways out']);
    const errnos = new Set(lines.slice(0, -3).map((line) => /: (E\w+)$/.exec(line)?.[1] ?? line));
    assert.equal([...errnos].toSorted(), ['EBADF', 'EEXIST', 'EINVAL', 'ENOENT', 'EOPNOTSUPP', 'EROFS']);
    const ways = ['-r', '--no-dereference', inside, before];
    assert.is(spawnSync('diff', ways, { encoding: 'utf8' }).stdout, '');
    const after = statSync(join(inside, 'file'));
    assert.equal([after.mtimeMs, after.ctimeMs], [mtimeMs, ctimeMs]);
  });
}

test.run();
