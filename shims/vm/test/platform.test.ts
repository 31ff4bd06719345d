// SPDX-License-Identifier: Apache-2.0
// The platform table: what knows one platform from another is what docs/vm-keep.md lists, and nothing else.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { VM_MODE } from '@motte/plan/vm/info';

const VM = resolve(fileURLToPath(import.meta.url), '../../..');
const ROOT = resolve(VM, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The files that the chapter "Another platform" lists. */
const [, CHAPTER = ''] = read('docs/vm-keep.md').split('\n## Another platform\n');
const LISTED = [...CHAPTER.matchAll(/^\| `([^`]+)` \|/gm)].map(([, path = '']) => path);

/** Sources in a folder of the clone, not in those below it. */
const sources = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => /\.([chS]|ts|json)$/.test(name) && !/^(package|tsconfig)\.json$/.test(name))
    .map((name) => `${folder}/${name}`);

/** Headers of a platform's own: what its folder has. */
const OWN = /include\/(ghcb|snp|kvm)\.h$/;

const SHIM = [...sources('shims/vm'), ...sources('shims/vm/include')].filter((path) => !OWN.test(path));

/** A word of one platform, in code: comments may explain. */
const PLATFORM = /\b(snp_|ghcb_|GHCB_|SNP_|VM_MODE_(?!KVM\b)|REASON_GHCB)|snp\/|\bSITE_(VMGEXIT|PVALIDATE)/;
const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');

test('the list names files that there are, each once', () => {
  assert.ok(LISTED.length > 5);
  assert.is(new Set(LISTED).size, LISTED.length);
  for (const path of LISTED) assert.ok(existsSync(join(ROOT, path)), path);
});

test('no other file of the shim knows of a platform', () => {
  const knowing = SHIM.filter((path) =>
    PLATFORM.test(withoutComments(read(path)).replaceAll('generated/snp.h', '')),
  );
  const unlisted = knowing.filter((path) => !LISTED.includes(path));
  assert.equal(unlisted, [], 'list it in docs/vm-keep.md, or put it behind tee.h');
});

test('the list names no file that knows of none', () => {
  for (const path of LISTED.filter((one) => one.startsWith('shims/vm/') && basename(one) !== 'kvm.c'))
    assert.ok(PLATFORM.test(withoutComments(read(path))), path);
  for (const path of LISTED.filter((one) => one.startsWith('packages/')))
    assert.match(withoutComments(read(path)), /'snp'|\bSNP\b/, path);
});

test('of the plan, too', () => {
  const folder = dirname('packages/plan/src/vm/info.ts');
  const knowing = sources(folder).filter((path) =>
    /=== 'kvm'|=== 'snp'|VM_MODE\b|\b(kvm|snp): \[/.test(withoutComments(read(path))),
  );
  assert.equal(knowing.sort(), LISTED.filter((path) => path.startsWith('packages/plan/src/vm/')).sort());
});

test('tee.c has a case for every mode in each of its functions', () => {
  const functions = read('shims/vm/tee.c').split(/^}$/m);
  const picking = functions.filter((text) => text.includes('switch ('));
  const declared = [
    ...read('shims/vm/include/tee.h').matchAll(/^(?:_Noreturn )?(?:void|bool|uint32_t) (tee_\w+)\(/gm),
  ];
  assert.ok(picking.length >= 8);
  for (const text of picking)
    for (const mode of Object.keys(VM_MODE)) assert.match(text, `case VM_MODE_${mode}:`, text.slice(0, 200));
  // tee_leave and tee_out_protected pick by what is left: they must work for a mode that is none.
  assert.is(declared.length - 2, picking.length);
});

test('no calls by address', () => {
  for (const path of [...sources('shims/vm'), ...sources('shims/vm/snp')].filter((one) => one.endsWith('.c')))
    assert.not.match(withoutComments(read(path)), /\(\*\w+\)\s*\(/, path);
});

test.run();
