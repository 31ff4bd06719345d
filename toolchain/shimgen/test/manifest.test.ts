// SPDX-License-Identifier: Apache-2.0
import * as assert from 'uvu/assert';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import { MotteError } from '@motte/binary/error';
import { ROOT } from '@motte/test-helpers/vectors';
import { parseShimConfig } from '../src/config.js';
import { findRoot, readManifest, resolvePath } from '../src/manifest.js';
import { configHeader, select } from '../src/select.js';
import { edit, fixture } from './support/fixture.js';

const MANIFEST = 'shims/sgx/components.json';

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof MotteError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

test('the manifest of the clone lists each source once, and is found from here', () => {
  assert.is(findRoot(), ROOT);
  assert.match(
    refusal(() => findRoot('/')),
    /^SHIM_SOURCE: .*components\.json/,
  );
  const { components } = readManifest(ROOT, 'sgx');
  assert.ok(components.length > 5);
});

test('what all TEEs share is read once for each: a TEE adds sources to it', () => {
  const [sgx, vm] = (['sgx', 'vm'] as const).map((tee) => readManifest(ROOT, tee).components);
  const of = (list: typeof sgx, name: string) => list?.find((component) => component.name === name);
  for (const list of [sgx, vm]) assert.ok(of(list, 'boot')?.sources.includes('shims/core/boot.c'));
  assert.ok(of(sgx, 'boot')?.sources.includes('shims/sgx/boot.c'));
  assert.ok(of(vm, 'boot')?.sources.includes('shims/vm/boot.c'));
  assert.equal(of(sgx, 'clone'), of(vm, 'clone'));

  const root = fixture();
  try {
    const share = (shared: unknown): string => {
      writeFileSync(join(root, 'shims/core/components.json'), JSON.stringify(shared));
      return refusal(() => readManifest(root, 'sgx'));
    };
    edit(root, MANIFEST, '"indirect"', '"core": "shims/core/components.json", "indirect"');
    assert.is(share({ components: [] }), 'accepted');
    assert.is(share({ components: [{ name: 'core', sources: [] }] }), 'accepted');
    const files = { components: [{ name: 'core', when: { files: true }, sources: [] }] };
    assert.is(share(files), 'accepted');
    assert.equal(of(readManifest(root, 'sgx').components, 'core')?.when, { files: true });
    edit(root, MANIFEST, '"name": "core",', '"name": "core", "when": { "threads": true },');
    assert.match(share(files), /core\.when.*only sources beside what shims\/core gives it/);
    assert.match(
      share({ components: [{ name: 'x' }, { name: 'x' }] }),
      /core\/components\.json.*each name once/,
    );
    assert.match(share({}), /core\/components\.json: components.*an array/);
    assert.match(share({ tee: 'sgx', components: [] }), /tee.*one of components/);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

for (const [name, change, expected] of [
  [
    'a file that is in no component',
    (root: string) => writeFileSync(join(root, 'shims/core/new.c'), ''),
    /new\.c in a component's sources/,
  ],
  [
    'a file that is in two',
    (root: string) => edit(root, MANIFEST, 'core/file.c', 'core/core.c'),
    /core\.c once/,
  ],
  [
    'a component twice',
    (root: string) => edit(root, MANIFEST, '"name": "file"', '"name": "core"'),
    /each name once.*core/,
  ],
  [
    'a file left out that is not there',
    (root: string) => edit(root, MANIFEST, '"indirect"', '"without": ["shims/core/none.c"], "indirect"'),
    /in no component.*none\.c/,
  ],
  [
    'a file left out that a component has',
    (root: string) => edit(root, MANIFEST, '"indirect"', '"without": ["shims/core/file.c"], "indirect"'),
    /in no component.*file\.c/,
  ],
  ['a stray key', (root: string) => edit(root, MANIFEST, '"when"', '"wenn"'), /wenn/],
  [
    'a condition that there is not',
    (root: string) => edit(root, MANIFEST, '"sockets": true', '"sokets": true'),
    /sokets/,
  ],
  [
    'a condition that is never met',
    (root: string) => edit(root, MANIFEST, '"sockets": true', '"sockets": false'),
    /expected true/,
  ],
  ['another version of SGX', (root: string) => edit(root, MANIFEST, '"sgx": 2', '"sgx": 3'), /1 or 2/],
  [
    'a number that is none',
    (root: string) => edit(root, MANIFEST, '"read": 0', '"read": "0"'),
    /a system call number/,
  ],
  ['another TEE', (root: string) => edit(root, MANIFEST, '"tee": "sgx"', '"tee": "snp"'), /"snp"/],
  ['what is no JSON', (root: string) => edit(root, MANIFEST, '{', '['), /components\.json/],
  ['no manifest at all', (root: string) => rmSync(join(root, MANIFEST)), /components\.json/],
] as const) {
  test(`${name} is refused`, () => {
    const root = fixture();
    assert.ok(readManifest(root, 'sgx').components.length > 0);
    change(root);
    const found = refusal(() => readManifest(root, 'sgx'));
    assert.match(found, /^SHIM_MANIFEST/);
    assert.match(found, expected);
  });
}

test('each TEE has the core, and says what of it is not for it', () => {
  const root = fixture();
  const sources = (tee: 'sgx' | 'vm'): string[] =>
    readManifest(root, tee).components.flatMap((component) => component.sources);
  assert.ok(sources('vm').includes('shims/core/core.c') && !sources('vm').includes('shims/core/memory1.c'));
  assert.not.ok(sources('vm').some((path) => path.startsWith('shims/sgx')));
  assert.not.ok(sources('sgx').some((path) => path.startsWith('shims/vm')));
  writeFileSync(join(root, 'shims/vm/new.c'), '');
  assert.match(
    refusal(() => sources('vm')),
    /vm\/new\.c in a component's sources/,
  );
  assert.ok(sources('sgx').length > 0);
});

test('names of foreign folders are resolved, and unknown ones refused', () => {
  const manifest = { ...readManifest(fixture(), 'sgx'), roots: { bearssl: 'shims/build/bearssl' } };
  assert.is(resolvePath(manifest, 'bearssl:src/x.c'), 'shims/build/bearssl/src/x.c');
  assert.is(resolvePath(manifest, 'shims/core/x.c'), 'shims/core/x.c');
  assert.match(
    refusal(() => resolvePath(manifest, 'other:x.c')),
    /^SHIM_MANIFEST: other:x\.c/,
  );
});

test('a configuration selects components and system calls, and the header says so', () => {
  const manifest = readManifest(fixture(), 'sgx');
  const names = (toml: string): string =>
    select(manifest, parseShimConfig(toml))
      .components.map(({ name }) => name)
      .join(' ');
  assert.is(
    names('files = false\nmounts = false\nimage = false\nthreads = false\nsockets = false'),
    'entry core stdio memory2',
  );
  assert.is(names(''), 'entry core stdio socket file mount image thread memory2');
  assert.is(names('[sgx]\nversion = 1'), 'entry core stdio socket file mount image thread memory1');
  assert.is(
    names('sockets = true\nfiles = true\nthreads = 3\ndebug = true'),
    'entry core stdio socket file mount image thread memory2 debug',
  );
  assert.is(names('syscalls = []'), 'entry core mount image memory2');
  assert.is(names('syscalls = ["open"]\nfiles = true'), 'entry core file mount image memory2');

  const config = parseShimConfig('threads = 3\nsyscalls = ["write", "clone"]');
  const header = configHeader(config, select(manifest, config));
  for (const row of [
    'SHIM_SGX 2',
    'SHIM_THREADS 3',
    'SHIM_SOCKETS 1',
    'SHIM_HAS_STDIO 1',
    'SHIM_HAS_SYS_write 1',
  ]) {
    assert.ok(header.includes(`#define ${row}\n`), row);
  }
  const vm = parseShimConfig('tee = "vm"');
  assert.ok(configHeader(vm, select(readManifest(fixture(), 'vm'), vm)).includes('#define SHIM_SGX 0\n'));
  assert.ok(header.includes('#define SHIM_SYSCALLS(X) X(1, write) X(56, clone)\n'));
  assert.not.ok(header.includes('SHIM_HAS_SYS_read'));
});

test('what the sources do not have is refused, with the nearest name', () => {
  const manifest = readManifest(fixture(), 'sgx');
  const without = { ...manifest, components: manifest.components.filter(({ name }) => name !== 'thread') };
  const chosen = (toml: string, of = manifest): string => refusal(() => select(of, parseShimConfig(toml)));
  assert.match(chosen('threads = 2', without), /^SHIM_CONFIG_UNSUPPORTED: threads/);
  assert.match(chosen('syscalls = ["wriet"]'), /^SHIM_CONFIG: syscalls.*did you mean write\?/);
  assert.match(
    chosen('syscalls = ["socket"]\nsockets = false'),
    /^SHIM_CONFIG: syscalls.*no such system call/,
  );
  assert.is(chosen('syscalls = ["socket"]'), 'accepted');
});

test.run();
