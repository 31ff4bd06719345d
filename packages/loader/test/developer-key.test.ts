// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { developerKeyPath, developerSigner } from '@motte/loader/keep/developer-key';

const folder = tempFolder('motte-key');

test('it is made once, for this user alone', () => {
  const path = join(folder, 'a/b/key.pem');
  const first = developerSigner(path);
  assert.is(developerSigner(path).modulus, first.modulus);
  assert.is(statSync(path).mode & 0o777, 0o600);
  assert.is(statSync(dirname(path)).mode & 0o777, 0o700);
  assert.match(readFileSync(path, 'utf8'), /^-----BEGIN PRIVATE KEY-----/);
});

test('processes that need it at once agree on one, and leave nothing beside it', async () => {
  const path = join(folder, 'c/d/key.pem');
  const script = join(ROOT, 'packages/loader/dist/test/support/signer.js');
  const run = promisify(execFile);
  const said = await Promise.all([1, 2, 3, 4].map(() => run(process.execPath, [script, path])));
  assert.is(new Set(said.map(({ stdout }) => stdout)).size, 1);
  assert.equal(readdirSync(dirname(path)), ['key.pem']);
});

test('it lies where the XDG specification says', () => {
  const before = process.env['XDG_CONFIG_HOME'];
  process.env['XDG_CONFIG_HOME'] = '/config';
  assert.is(developerKeyPath(), '/config/motte/developer-sgx.pem');
  process.env['XDG_CONFIG_HOME'] = 'relative';
  assert.match(developerKeyPath(), /^\/.*\/\.config\/motte\/developer-sgx\.pem$/);
  if (before === undefined) delete process.env['XDG_CONFIG_HOME'];
  else process.env['XDG_CONFIG_HOME'] = before;
});

const damaged = join(folder, 'damaged.pem');
writeFileSync(damaged, 'no key\n', { mode: 0o600 });
const taken = join(folder, 'taken.pem');
mkdirSync(taken, { mode: 0o700 });
const open = join(folder, 'open.pem');
writeFileSync(open, 'no key\n', { mode: 0o644 });

for (const [name, path, text] of [
  ['a damaged file', damaged, /private key in PEM/],
  ['a file that others can read', open, /mode 0644/],
  ['a folder in its place', taken, /EISDIR/],
  ['a place that cannot be written', '/proc/motte/key.pem', /ENOENT|EACCES|EPERM/],
  ['a place below a file', join(damaged, 'x/key.pem'), /ENOTDIR/],
] as const) {
  test(`DEVELOPER_KEY: ${name}`, () => {
    assert.throws(
      () => developerSigner(path),
      (error: unknown) => {
        assert.ok(error instanceof MotteError && error.code === 'DEVELOPER_KEY');
        assert.match(error.message, text);
        assert.match(error.message, path);
        return true;
      },
    );
  });
}

test.run();
