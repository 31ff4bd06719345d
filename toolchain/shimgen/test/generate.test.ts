// SPDX-License-Identifier: Apache-2.0
// scripts/generate.mjs: what is committed is what the tables say, and what is not is named.
import * as assert from 'uvu/assert';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { files } from '../src/generate.js';

function generate(...args: string[]): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/generate.mjs'), ...args], {
    encoding: 'utf8',
  });
  return { status, stderr };
}

function put(root: string, path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** A clone with one package that generates `out/generated/a.h`. */
function clone(): string {
  const root = tempFolder('motte-generate');
  put(root, 'packages/one/src/generate.ts', '');
  put(root, 'packages/one/package.json', '{ "type": "module" }');
  const module = `export const files = () => ({ 'packages/one/generated/a.h': 'a\\n' });\n`;
  put(root, 'packages/one/dist/src/generate.js', module);
  return root;
}

test('the headers of this clone are those that the tables make', () => {
  for (const [path, content] of Object.entries(files())) {
    assert.is(readFileSync(join(ROOT, path), 'utf8'), content, `${path}: run npm run generate`);
  }
});

test('each header compiles alone, freestanding, in C and in assembly', () => {
  if (spawnSync('gcc-12', ['--version']).error !== undefined) {
    console.log('skipped: compiling the headers: no gcc-12 on this machine (apt-get install gcc-12)');
    return;
  }
  const flags = ['-ffreestanding', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-c', '-o', '/dev/null'];
  for (const path of Object.keys(files()).filter((name) => name.endsWith('.h'))) {
    const input = `#include "${join(ROOT, path)}"\n`;
    for (const language of ['c', 'assembler-with-cpp']) {
      const args = ['-x', language, ...(language === 'c' ? [] : ['-D__ASSEMBLER__']), ...flags, '-'];
      assert.is(spawnSync('gcc-12', args, { input, encoding: 'utf8' }).stderr, '', `${path} as ${language}`);
    }
  }
});

test('--check passes over what was written, and names what was changed, is missing, or is left over', () => {
  const root = clone();
  assert.is(generate('--root', root).status, 0);
  assert.is(readFileSync(join(root, 'packages/one/generated/a.h'), 'utf8'), 'a\n');
  assert.equal(generate('--root', root, '--check'), { status: 0, stderr: '' });

  put(root, 'packages/one/generated/a.h', 'b\n');
  assert.match(
    generate('--root', root, '--check').stderr,
    /packages\/one\/generated\/a\.h is not what its table says/,
  );
  rmSync(join(root, 'packages/one/generated/a.h'));
  assert.match(
    generate('--root', root, '--check').stderr,
    /a\.h is not what its table says \(it is missing\)/,
  );

  generate('--root', root);
  put(root, 'packages/one/generated/old.h', '');
  const left = generate('--root', root, '--check');
  assert.is(left.status, 1);
  assert.match(left.stderr, /old\.h is made by no generator/);
});

test('a generator that is not built, and a file that two make, are errors', () => {
  const root = clone();
  put(root, 'packages/two/src/generate.ts', '');
  assert.match(generate('--root', root).stderr, /packages\/two\/dist\/src\/generate\.js is not built/);
  put(root, 'packages/two/package.json', '{ "type": "module" }');
  put(
    root,
    'packages/two/dist/src/generate.js',
    `export const files = async () => ({ 'packages/one/generated/a.h': '' });\n`,
  );
  const twice = generate('--root', root);
  assert.is(twice.status, 1);
  assert.match(twice.stderr, /a\.h is made by two generators/);
});

test.run();
