// SPDX-License-Identifier: Apache-2.0
// Packs every package, installs the tarballs in an empty folder outside the clone, with nothing but Node, npm and a
// shell on PATH, and runs a program there: by the library, and by the command.
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startRegistry } from './support/registry.js';

const home = tempFolder('motte-packed');
const tarballs = join(home, 'tarballs');
const folder = join(home, 'project');
const bin = join(home, 'bin');
const hello = join(home, 'hello');

/** The example of the loader's README, as it stands there. */
function readmeExample(): string {
  const readme = readFileSync(join(ROOT, 'packages/loader/README.md'), 'utf8');
  const block = /^```js\n(.*?)^```$/ms.exec(readme)?.[1];
  if (block === undefined) throw new Error('packages/loader/README.md has no example');
  return block;
}

function which(name: string): string {
  for (const place of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      accessSync(join(place, name), constants.X_OK);
      return join(place, name);
    } catch {
      // not in this folder
    }
  }
  throw new Error(`${name} is not on PATH`);
}

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in the project as a machine without compilers, and without the network, would. */
async function run(command: string, ...args: string[]): Promise<Ran> {
  const env = {
    PATH: bin,
    HOME: home,
    npm_config_registry: registry.url,
    npm_config_update_notifier: 'false',
  };
  const child = spawn(join(bin, command), args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [status, stdout, stderr] = await Promise.all([
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { status, stdout, stderr };
}

function measured(path: string): string {
  const said = execFileSync(join(ROOT, 'node_modules/.bin/motte'), ['measure', 'sgx', path], {
    encoding: 'utf8',
  });
  return said.trim();
}

const registry = await startRegistry();
test.after(() => registry.close());

let installed = false;
let measurement = '';

test('the tarballs install where there is no compiler', async () => {
  for (const path of [folder, bin]) mkdirSync(path);
  for (const name of ['node', 'npm', 'npx', 'sh']) symlinkSync(realpathSync(which(name)), join(bin, name));
  // npm and npx are scripts that begin with #!/usr/bin/env node, which finds node on this PATH.
  execFileSync('gcc-12', ['-O2', '-static-pie', join(ROOT, 'examples/c/hello.c'), '-o', hello]);
  execFileSync(process.execPath, [join(ROOT, 'scripts/pack.mjs'), tarballs], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 2],
  });
  measurement = measured(hello);
  const files = readdirSync(tarballs).map((name) => join(tarballs, name));
  assert.ok(files.length >= 10, files.join(' '));
  writeFileSync(join(folder, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n');
  const npm = await run('npm', 'install', '--no-audit', '--no-fund', ...files);
  assert.is(npm.status, 0, npm.stderr);
  for (const name of ['cc', 'gcc', 'c++', 'clang', 'pnpm']) assert.throws(() => accessSync(join(bin, name)));
  installed = true;
});

test('a script loads a program into a Keep', async () => {
  assert.ok(installed);
  writeFileSync(join(folder, 'load.js'), readmeExample());
  const ran = await run('node', 'load.js', hello);
  assert.is(ran.status, 0, ran.stderr);
  const [said, told = ''] = ran.stdout.split('\n');
  assert.is(said, 'hello from load');
  // The image that was installed is the image that the clone measured when it was packed.
  assert.equal(JSON.parse(told), { ended: 'exited', status: 0, measurement });
});

test('npx motte run', async () => {
  assert.ok(installed);
  const ran = await run('npx', '--no-install', 'motte', 'run', '--emulate', hello, 'by', 'npx');
  assert.is(ran.status, 0, ran.stderr);
  assert.is(ran.stdout, 'hello by npx\n');
  assert.match(ran.stderr, /^sgx \(emulated\) · mrenclave [0-9a-f]{4,64}…/);
});

test('an image is the same bytes in the clone, in the project, and elsewhere by another user', async () => {
  assert.ok(installed);
  const built = (name: string): Buffer => readFileSync(join(home, name));
  execFileSync(join(ROOT, 'node_modules/.bin/motte'), ['build', hello, '-o', join(home, 'clone.keep')], {
    stdio: 'pipe',
  });
  const npx = await run('npx', '--no-install', 'motte', 'build', hello, '-o', join(home, 'project.keep'));
  assert.is(npx.status, 0, npx.stderr);
  assert.equal(built('project.keep'), built('clone.keep'));

  const elsewhere = join(tempFolder('motte-elsewhere'), 'another place');
  chmodSync(dirname(elsewhere), 0o755);
  cpSync(folder, elsewhere, { recursive: true, verbatimSymlinks: true });
  cpSync(hello, join(elsewhere, 'hello'));
  utimesSync(join(elsewhere, 'hello'), 1, 1);
  // Root becomes nobody; anybody else stays who he is, and has another home, locale, zone, umask and clock of the file.
  const root = process.getuid?.() === 0;
  if (root) chownSync(elsewhere, 65534, 65534);
  const command = ['node_modules/.bin/motte', 'build', 'hello', '-o', 'x.keep'];
  const become = root ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  const ran = spawnSync('sh', ['-c', 'umask 027; exec "$@"', 'sh', ...become, ...command], {
    cwd: elsewhere,
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      LANG: 'tr_TR.UTF-8',
      TZ: 'Asia/Kathmandu',
      USER: 'nobody',
    },
    encoding: 'utf8',
  });
  assert.is(ran.status, 0, ran.stderr);
  assert.equal(readFileSync(join(elsewhere, 'x.keep')), built('clone.keep'));
  if (root) assert.is(statSync(join(elsewhere, 'x.keep')).uid, 65534);
});

test.run();
