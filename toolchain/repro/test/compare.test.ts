// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { tempFolder } from '@motte/test-helpers/temp';
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attribute } from '../src/attribute.js';
import { compareTrees } from '../src/compare.js';
import type { FileDifference } from '../src/compare.js';
import { placeOf } from '../src/explain.js';
import { parseCpuList } from '../src/machine.js';
import { matcher } from '../src/tree.js';

const PLACE = tempFolder('motte-compare');
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** An ar archive of members [name, mtime, content]. */
function ar(...members: readonly (readonly [string, number, string])[]): Uint8Array {
  const parts = members.map(([name, mtime, content]) => {
    const head = [
      name.padEnd(16),
      String(mtime).padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644'.padEnd(8),
    ];
    return `${head.join('')}${String(content.length).padEnd(10)}\`\n${content}${content.length % 2 === 1 ? '\n' : ''}`;
  });
  return text(`!<arch>\n${parts.join('')}`);
}

for (const [name, a, b, place] of [
  ['a line', text('a\nb\nc'), text('a\nB\nc'), { offset: 2, line: 2, first: 'b', second: 'B' }],
  ['lines in another order', text('b\na\n'), text('a\nb\n'), { line: 1, looks: 'order' }],
  ['words in another order', text('x: b, a'), text('x: a, b'), { line: 1, looks: 'order' }],
  ['a longer text', text('a'), text('ab'), { offset: 1, line: 1 }],
  ['a path', text('at /home/me/x'), text('at /srv/build/x'), { looks: 'path' }],
  ['a URL is no path', text('http://one/a/b'), text('http://two/a/b'), { looks: undefined }],
  ['a date', text('on 2026-01-02'), text('on 2026-01-03'), { looks: 'clock' }],
  ['Unix time', text('t=1795654366'), text('t=1795654367'), { looks: 'clock' }],
  ['a compiler', text('x\0GCC: (Debian 12.2.0)'), text('x\0GCC: (Debian 13.1.0)'), { looks: 'compiler' }],
  ['JSON', text('{"a":[1,{"b":2}]}'), text('{"a":[1,{"b":3}]}'), { key: '$.a[1].b' }],
  ['the order of keys', text('{"a":1,"b":2}'), text('{"b":2,"a":1}'), { key: '$.a' }],
  ['bytes', Uint8Array.of(0, 1, 2), Uint8Array.of(0, 1, 3), { offset: 2, first: '02', second: '03' }],
  ['a member', ar(['x', 0, 'a']), ar(['x', 0, 'b']), { member: 'x', line: 1 }],
  ['a member’s time', ar(['x', 1, 'a']), ar(['x', 2, 'a']), { member: 'x', field: 'mtime', looks: 'mtime' }],
  ['members’ order', ar(['x', 0, ''], ['y', 0, '']), ar(['y', 0, ''], ['x', 0, '']), { looks: 'order' }],
  ['a member more', ar(['x', 0, '']), ar(['x', 0, ''], ['y', 0, '']), { field: 'members', second: 'y' }],
  ['gzip’s content', gzipSync('one'), gzipSync('two'), { member: 'gunzip', line: 1, first: 'one' }],
  ['an archive in gzip', gzipSync(ar(['x', 0, 'a'])), gzipSync(ar(['x', 0, 'b'])), { member: 'gunzip(x)' }],
  [
    'half an archive',
    ar(['x', 0, 'abcd']).subarray(0, 70),
    ar(['x', 0, 'efgh']).subarray(0, 70),
    { line: 3 },
  ],
  ['half an ELF file', text('\x7fELF\0a'), text('\x7fELF\0b'), { offset: 5 }],
] as const) {
  test(`the place of ${name}`, () => {
    const found: Readonly<Record<string, unknown>> = { ...placeOf(a, b) };
    for (const [key, want] of Object.entries(place))
      assert.is(found[key], want, `${key}: ${JSON.stringify(found)}`);
  });
}

/** Two trees, each with the files given. */
function trees(first: Record<string, string>, second: Record<string, string>): [string, string] {
  const place = mkdtempSync(join(PLACE, 'trees-'));
  return [first, second].map((files, i) => {
    const root = join(place, String(i));
    mkdirSync(join(root, 'sub'), { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(root, name), content);
    return root;
  }) as [string, string];
}

const kinds = (differences: readonly FileDifference[]): string[] =>
  differences.map(({ path, kind }) => `${path}: ${kind}`);

test('trees: what only one has, contents, types and links', () => {
  const [a, b] = trees(
    { x: '1', 'sub/y': '1', only: '', z: '1' },
    { x: '1', 'sub/y': '2', more: '', z: '1' },
  );
  symlinkSync('x', join(a, 'link'));
  symlinkSync('z', join(b, 'link'));
  chmodSync(join(b, 'z'), 0o755);
  assert.equal(kinds(compareTrees(a, b).differences), [
    'link: type',
    'more: only second',
    'only: only first',
    'sub/y: content',
    'z: executable',
  ]);
  assert.equal(kinds(compareTrees(a, b, matcher(['sub/**', '*n*', 'more', 'z'])).differences), []);
});

test('trees that are the same', () => {
  const [a, b] = trees({ x: '1', 'sub/y': '' }, { x: '1', 'sub/y': '' });
  assert.equal(compareTrees(a, b), { files: 2, differences: [] });
});

test('a large file is compared piece by piece', () => {
  const [a, b] = trees({ x: `${'a'.repeat(3 << 20)}b` }, { x: `${'a'.repeat(3 << 20)}c` });
  const [found] = compareTrees(a, b).differences;
  assert.ok(found?.kind === 'content' && found.place.offset === 3 << 20);
});

test('what is not there is refused', () => {
  const [a] = trees({ x: '1' }, {});
  for (const other of [join(a, 'none'), join(a, 'x')])
    assert.throws(
      () => compareTrees(a, other),
      (error: unknown) => error instanceof MotteError && error.code === 'REPRO_SOURCE',
    );
});

test('patterns', () => {
  for (const [pattern, path, want] of [
    ['*.map', 'a.map', true],
    ['*.map', 'b/a.map', false],
    ['**/*.map', 'b/c/a.map', true],
    ['**/*.map', 'a.map', true],
    ['dist/**', 'dist/a/b', true],
    ['a.b', 'axb', false],
  ] as const)
    assert.is(matcher([pattern])(path), want, `${pattern} ${path}`);
});

test('lists of CPUs', () => {
  assert.equal(parseCpuList('0-2,5\n'), [0, 1, 2, 5]);
  assert.equal(parseCpuList('3'), [3]);
});

test('what rebuilding shows outweighs what a difference looks like', () => {
  const difference: FileDifference = {
    path: 'x',
    kind: 'content',
    place: { offset: 0, first: '', second: '', looks: 'order' },
  };
  const cause = (evidence: Parameters<typeof attribute>[1]): string => attribute(difference, evidence).cause;
  assert.is(cause({ alone: undefined, by: [], rebuilt: false }), 'order');
  assert.is(cause({ alone: undefined, by: ['locale'], rebuilt: true }), 'locale');
  assert.is(cause({ alone: undefined, by: ['user', 'environment'], rebuilt: true }), 'environment');
  assert.is(cause({ alone: difference, by: ['locale'], rebuilt: true }), 'random');
  assert.is(cause({ alone: undefined, by: [], rebuilt: true }), 'unknown');
});

test.run();
