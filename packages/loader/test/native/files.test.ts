// SPDX-License-Identifier: Apache-2.0
// The helper's side of granted files, asked by a shim that obeys no rule. What is outside must stay out of reach by
// every name, and what is read-only unchanged; with Landlock, for code that got into the helper as well.
import { ERRNO } from '@motte/hostcall/errno';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const NATIVE = join(ROOT, 'packages/loader/native');
const folder = tempFolder('motte-files');
const PROGRAM = join(folder, 'files');
const SOURCES = [
  'beneath.c',
  'handles.c',
  'landlock.c',
  'serve_files.c',
  'serve_paths.c',
  'serve_stdio.c',
  'sockets.c',
];

execFileSync(
  'gcc-12',
  [
    '-std=gnu11',
    '-O1',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-I',
    NATIVE,
    '-I',
    join(NATIVE, 'generated'),
    join(ROOT, 'packages/loader/test/native/files.c'),
    ...SOURCES.map((name) => join(NATIVE, name)),
    '-o',
    PROGRAM,
  ],
  { stdio: ['ignore', 'inherit', 'inherit'] },
);

const NAMES = new Map(Object.entries(ERRNO).map(([name, value]) => [-value, name]));
const [GRANT, SECOND] = ['3', '4'];
const [RDONLY, WRONLY, RDWR, CREAT, EXCL, TRUNC] = [0, 1, 2, 0o100, 0o200, 0o1000];
const [DIRECTORY, NOFOLLOW, SYMLINK_NOFOLLOW, REMOVEDIR] = [0o200000, 0o400000, 0x100, 0x200];

let made = 0;

/** A fresh pair of a granted directory and one beside it with a canary. */
function places(): { inside: string; outside: string; canary: string } {
  const at = join(folder, `grant-${made++}`);
  const [inside, outside] = [join(at, 'in'), join(at, 'out')];
  mkdirSync(join(inside, 'sub'), { recursive: true });
  mkdirSync(outside);
  const canary = join(outside, 'canary');
  writeFileSync(canary, 'canary');
  writeFileSync(join(inside, 'file'), 'inside');
  symlinkSync('../out/canary', join(inside, 'relative'));
  symlinkSync(canary, join(inside, 'absolute'));
  symlinkSync('../out', join(inside, 'relative-dir'));
  symlinkSync(outside, join(inside, 'absolute-dir'));
  symlinkSync('../out/new', join(inside, 'dangling'));
  symlinkSync('file', join(inside, 'good'));
  symlinkSync('../file', join(inside, 'sub/good'));
  symlinkSync('loop', join(inside, 'loop'));
  return { inside, outside, canary };
}

type Call = readonly (string | number)[];

/** What comes of calls: an errno's name, or the number; with what came along. */
function answers(grants: readonly string[], calls: readonly Call[]): string[] {
  const input = calls.map((call) => `${call.join('\t')}\n`).join('');
  const ran = spawnSync(PROGRAM, grants, { input, encoding: 'utf8' });
  assert.is(ran.status, 0, `${ran.stdout} ${ran.stderr}`);
  const lines = ran.stdout.split('\n');
  return calls.map((_, i) => {
    const [came = '', result = ''] = lines.slice(2 * i, 2 * i + 2);
    return `${NAMES.get(Number(result)) ?? (Number(result) > 1023 ? 'handle' : result)}${came}`;
  });
}

/** Every call with its answer, from one run. */
function table(grants: readonly string[], rows: readonly (readonly [string, ...Call])[]): void {
  const found = answers(
    grants,
    rows.map(([, ...call]) => call),
  );
  rows.forEach(([expected, ...call], i) =>
    assert.is(found[i]?.slice(0, expected.length), expected, call.join(' ')),
  );
}

test('a file is made, written, read, named, listed and removed', () => {
  const { inside } = places();
  table(
    [`rw:${inside}`],
    [
      ['handle:100644 0', 'open', GRANT, 'made', RDWR | CREAT | EXCL, 0o644],
      ['5', 'pwrite', '#0', 'hello', 0],
      ['3:llo', 'pread', '#0', 9, 2],
      ['0', 'ftruncate', '#0', 2],
      ['0', 'fallocate', '#0', 9],
      ['0', 'fsync', '#0'],
      ['0', 'fdatasync', '#0'],
      ['0', 'fchmod', '#0', 0o600],
      ['EPERM', 'fchmod', '#0', 0o4755],
      ['0', 'utimensat', '#0'],
      ['0:100600 9', 'fstat', '#0'],
      ['0', 'fstatfs', '#0'],
      ['0', 'mkdir', GRANT, 'sub/dir/', 0o755],
      ['0', 'rename', GRANT, 'made', 'sub/dir/moved', 0],
      ['0', 'link', GRANT, 'sub/dir/moved', 'linked'],
      ['0', 'symlink', GRANT, 'anything at all', 'sub/link'],
      ['15:anything at all', 'readlink', GRANT, 'sub/link'],
      ['EINVAL', 'readlink', GRANT, 'linked'],
      ['0:120777', 'stat', GRANT, 'sub/link', SYMLINK_NOFOLLOW],
      ['ENOENT', 'stat', GRANT, 'sub/link', 0],
      ['0:100600 9', 'stat', GRANT, 'linked', 0],
      ['handle:40755', 'open', GRANT, 'sub/dir', RDONLY | DIRECTORY, 0],
      ['80:', 'list', '#21', 4096, 0],
      ['0', 'unlink', GRANT, 'sub/dir/moved', 0],
      ['0', 'unlink', GRANT, 'linked', 0],
      ['0', 'unlink', GRANT, 'sub/dir', REMOVEDIR],
      ['0', 'close', '#0'],
      ['EBADF', 'pread', '#0', 1, 0],
      ['EBADF', 'close', '#0'],
    ],
  );
  assert.is(existsSync(join(inside, 'sub/dir')), false);
});

test('what is there is found by links within, and whole directories are listed in pieces', () => {
  const { inside } = places();
  const many = Array.from({ length: 300 }, (_, i) => `entry-${i}`);
  mkdirSync(join(inside, 'many'));
  for (const name of many) writeFileSync(join(inside, 'many', name), '');
  table(
    [`rw:${inside}`],
    [
      ['handle:100644 6', 'open', GRANT, 'good', RDONLY, 0],
      ['handle:100644 6', 'open', GRANT, 'sub/good', RDONLY, 0],
      ['handle:100644 6', 'open', GRANT, 'sub/../file', RDONLY, 0],
      ['handle:40', 'open', GRANT, '', RDONLY | DIRECTORY, 0],
      ['0:40', 'stat', GRANT, '', 0],
      ['ELOOP', 'open', GRANT, 'good', RDONLY | NOFOLLOW, 0],
      ['ELOOP', 'open', GRANT, 'loop', RDONLY, 0],
      ['EISDIR', 'open', GRANT, 'sub', RDWR, 0],
      ['ENOTDIR', 'open', GRANT, 'file', RDONLY | DIRECTORY, 0],
      ['ENAMETOOLONG', 'open', GRANT, 'n'.repeat(256), RDONLY | CREAT, 0o600],
      ['EINVAL', 'nul', GRANT],
      ['EINVAL', 'first', GRANT],
    ],
  );
  const [, listed = ''] = answers(
    [`rw:${inside}`],
    [
      ['open', GRANT, 'many', RDONLY | DIRECTORY, 0],
      ['list', '#0', 65536, 0],
    ],
  );
  const names = listed.replace(/^[^:]*:/, '').split(' ');
  assert.equal(names.toSorted(), ['.', '..', ...many].toSorted());
});

const OUT: readonly string[] = [
  '..',
  '../out/canary',
  'sub/../../out/canary',
  'sub/../sub/../../out/canary',
  './../out/canary',
  'relative',
  'absolute',
  'relative-dir/canary',
  'absolute-dir/canary',
  'absolute-dir/../out/canary',
];

/** Those, and by the machine's root: whatever goes wrong, goes wrong with the test's own file. */
function waysOut(outside: string): string[] {
  const canary = `${outside}/canary`;
  return [...OUT, canary, `/${canary}`, `/proc/self/root${canary}`, `${'../'.repeat(100)}${canary.slice(1)}`];
}

for (const mode of ['landlock', 'open'] as const) {
  test(`no name leads out (${mode === 'open' ? 'openat2 alone' : 'with Landlock'})`, () => {
    const { inside, outside, canary } = places();
    const grants = mode === 'open' ? ['open', `rw:${inside}`] : [`rw:${inside}`];
    const before = readdirSync(outside);
    const all = waysOut(outside);
    const calls = all.flatMap((path): Call[] => [
      ['open', GRANT, path, RDONLY, 0],
      ['open', GRANT, path, WRONLY | TRUNC, 0],
      ['open', GRANT, path, RDWR | CREAT, 0o600],
      ['open', GRANT, path, RDONLY | DIRECTORY, 0],
      ['stat', GRANT, path, 0],
    ]);
    for (const answer of answers(grants, calls)) assert.match(answer, /^(EXDEV|ELOOP)$/);
    // Of these the last name itself may be changed, for it is in the grant; where it leads may not.
    const outer = all.filter((path) => !['relative', 'absolute'].includes(path));
    const changes = outer.flatMap((path): Call[] => [
      ['mkdir', GRANT, `${path}/made`, 0o700],
      ['unlink', GRANT, path, 0],
      ['unlink', GRANT, path, REMOVEDIR],
      ['link', GRANT, path, 'got'],
      ['link', GRANT, 'file', `${path}/new`],
      ['symlink', GRANT, 'x', `${path}/new`],
      ['rename', GRANT, path, 'got', 0],
      ['rename', GRANT, 'file', `${path}/new`, 0],
      ['rename', GRANT, 'file', path, 2],
      ['readlink', GRANT, `${path}/x`],
    ]);
    const refused = /^(EXDEV|ELOOP|ENOENT|ENOTDIR|EBUSY|EEXIST|EISDIR|EINVAL)$/;
    answers(grants, changes).forEach((answer, i) => assert.match(answer, refused, changes[i]?.join(' ')));
    table(grants, [
      ['EXDEV', 'open', GRANT, 'dangling', WRONLY | CREAT, 0o600],
      ['EEXIST', 'open', GRANT, 'dangling', WRONLY | CREAT | EXCL, 0o600],
      ['ENOTDIR', 'link', GRANT, 'relative-dir/', 'got'],
      ['ENOTDIR', 'unlink', GRANT, 'absolute-dir/', REMOVEDIR],
      ['EEXIST', 'mkdir', GRANT, 'dangling', 0o700],
      ['0', 'link', GRANT, 'absolute', 'sub/absolute'],
      ['EXDEV', 'open', GRANT, 'sub/absolute', RDONLY, 0],
      ['0', 'rename', GRANT, 'relative', 'sub/relative', 0],
      ['EBADF', 'open', SECOND, 'file', RDONLY, 0],
    ]);
    assert.equal(readdirSync(outside), before);
    assert.is(readFileSync(canary, 'utf8'), 'canary');
    assert.is(statSync(canary).nlink, 1);
  });
}

test('devices, pipes and sockets are not opened', async () => {
  const { inside } = places();
  execFileSync('mkfifo', [join(inside, 'fifo')]);
  const server = createServer().listen(join(inside, 'socket'));
  await new Promise((listening) => server.once('listening', listening));
  const kinds = ['fifo', 'socket'];
  if (spawnSync('mknod', [join(inside, 'null'), 'c', '1', '3']).status === 0) kinds.push('null');
  const flags = [RDONLY, WRONLY, RDWR | CREAT, RDONLY | TRUNC];
  const calls = kinds.flatMap((kind) => flags.map((flag): Call => ['open', GRANT, kind, flag, 0o600]));
  try {
    for (const answer of answers([`rw:${inside}`], calls)) assert.is(answer, 'ENXIO');
  } finally {
    server.close();
  }
});

test('what is read-only stays as it is', () => {
  const { inside } = places();
  const whole = (): string =>
    execFileSync('find', [inside, '-printf', '%p %m %s %T@ %C@ %l\n'], { encoding: 'utf8' });
  const before = whole();
  table(
    [`ro:${inside}`],
    [
      ['handle', 'open', GRANT, 'file', RDONLY, 0],
      ['6:inside', 'pread', '#0', 64, 0],
      ['EROFS', 'open', GRANT, 'file', WRONLY, 0],
      ['EROFS', 'open', GRANT, 'file', RDWR, 0],
      ['EROFS', 'open', GRANT, 'file', RDONLY | TRUNC, 0],
      ['EROFS', 'open', GRANT, 'fresh', RDONLY | CREAT, 0o600],
      ['EROFS', 'pwrite', '#0', 'x', 0],
      ['EROFS', 'ftruncate', '#0', 0],
      ['EROFS', 'fallocate', '#0', 100],
      ['EROFS', 'fchmod', '#0', 0o777],
      ['EROFS', 'utimensat', '#0'],
      ['EROFS', 'mkdir', GRANT, 'fresh', 0o700],
      ['EROFS', 'unlink', GRANT, 'file', 0],
      ['EROFS', 'unlink', GRANT, 'sub', REMOVEDIR],
      ['EROFS', 'rename', GRANT, 'file', 'other', 0],
      ['EROFS', 'link', GRANT, 'file', 'other'],
      ['EROFS', 'symlink', GRANT, 'x', 'other'],
      // Code that got into the helper finds the same.
      ['EACCES', 'raw-open', GRANT, join(inside, 'file'), WRONLY],
      ['EACCES', 'raw-open', GRANT, join(inside, 'fresh'), WRONLY | CREAT],
      ['EACCES', 'raw-mkdir', GRANT, join(inside, 'fresh')],
      ['EACCES', 'raw-unlink', GRANT, join(inside, 'file')],
    ],
  );
  assert.is(whole(), before);
});

test('Landlock holds code that got into the helper to what is granted', () => {
  const { inside, outside, canary } = places();
  table(
    [`rw:${inside}`],
    [
      ['EACCES', 'raw-open', GRANT, canary, RDONLY],
      ['EACCES', 'raw-open', GRANT, canary, WRONLY],
      ['EACCES', 'raw-open', GRANT, join(inside, 'absolute'), RDONLY],
      ['EACCES', 'raw-open', GRANT, join(inside, 'dangling'), WRONLY | CREAT],
      ['EACCES', 'raw-open', GRANT, '/etc/passwd', RDONLY],
      ['EACCES', 'raw-open', GRANT, '/proc/self/mem', RDWR],
      ['EACCES', 'raw-mkdir', GRANT, join(outside, 'made')],
      ['EACCES', 'raw-unlink', GRANT, canary],
      ['EACCES', 'raw-rename', GRANT, canary, join(inside, 'got')],
      ['EACCES', 'raw-rename', GRANT, join(inside, 'file'), join(outside, 'got')],
    ],
  );
  assert.equal(readdirSync(outside), ['canary']);
});

test('a grant that is a file is that file alone', () => {
  const { inside } = places();
  const [own, other] = [join(inside, 'file'), join(inside, 'other')];
  writeFileSync(other, 'beside');
  table(
    [`rw:${own}`, `ro:${other}`],
    [
      ['0:100644 6', 'stat', GRANT, '', 0],
      ['handle:100644 0', 'open', GRANT, '', RDWR | TRUNC, 0],
      ['3', 'pwrite', '#1', 'new', 0],
      ['handle:100644 6', 'open', SECOND, '', RDONLY, 0],
      ['6:beside', 'pread', '#3', 64, 0],
      ['EROFS', 'pwrite', '#3', 'x', 0],
      ['EROFS', 'open', SECOND, '', RDWR, 0],
      ['ENOTDIR', 'open', GRANT, '../other', RDONLY, 0],
      ['ENOTDIR', 'open', GRANT, 'other', RDWR | CREAT, 0],
      ['ENOTDIR', 'open', GRANT, '', RDONLY | DIRECTORY, 0],
      ['EEXIST', 'open', GRANT, '', RDWR | CREAT | EXCL, 0],
      ['ENOTDIR', 'mkdir', GRANT, 'x', 0o700],
      ['EISDIR', 'unlink', GRANT, '', 0],
      ['0', 'close', '#1'],
      ['0:100644 3', 'stat', GRANT, '', 0],
    ],
  );
  assert.is(readFileSync(own, 'utf8'), 'new');
});

test('handles: streams and grants are no files, and a closed one stays closed', () => {
  const { inside } = places();
  const stream = ['0', '1', '2'].flatMap((handle): Call[] => [
    ['ftruncate', handle, 0],
    ['fchmod', handle, 0],
    ['pwrite', handle, 'x', 0],
    ['list', handle, 64, 0],
    ['fsync', handle],
  ]);
  const calls: Call[] = [
    ...stream,
    ['fchmod', GRANT, 0],
    ['utimensat', GRANT],
    ['list', GRANT, 64, 0],
    ['close', GRANT],
    // The control socket, the Keep's memory and the grant by their descriptors.
    ...[5, 6, 1023, 1024, 1027, 0xffffffff, -1].map((handle): Call => ['fstat', handle]),
  ];
  for (const [i, answer] of answers([`rw:${inside}`], calls).entries())
    assert.is(answer, 'EBADF', calls[i]?.join(' '));
  // The same descriptor again and again, never the same handle.
  const again = Array.from({ length: 50 }, (_, i): Call[] => [
    ['open', GRANT, 'file', RDONLY, 0],
    ['close', `#${2 * i}`],
  ]).flat();
  const stale = Array.from({ length: 50 }, (_, i): Call => ['fstat', `#${2 * i}`]);
  const found = answers([`rw:${inside}`], [...again, ...stale]);
  assert.ok(found.slice(100).every((answer) => answer === 'EBADF'));
  const most = Array.from({ length: 1100 }, (): Call => ['open', GRANT, 'file', RDONLY, 0]);
  const open = answers([`rw:${inside}`], most);
  assert.ok(open.filter((answer) => answer.startsWith('handle')).length > 1000);
  assert.is(open.at(-1), 'EMFILE');
});

test('a hard link that the host made is the host’s own choice', () => {
  // What is inside by any name is granted: containment is of names, and this name is inside.
  const { inside, canary } = places();
  linkSync(canary, join(inside, 'hard'));
  chmodSync(canary, 0o600);
  table([`ro:${inside}`], [['handle:100600 6', 'open', GRANT, 'hard', RDONLY, 0]]);
});

test.run();
