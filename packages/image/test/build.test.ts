// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { readBytes } from '@motte/binary/source';
import { build, open, verify } from '@motte/image';
import type { BuildOptions } from '@motte/image';
import { buildSteps } from '@motte/image/build';
import { openContainer } from '@motte/image/container/open';
import { parseKeepToml } from '@motte/config/keep-toml';
import { prepareVmKeep } from '@motte/loader';
import { codeOf } from '@motte/test-helpers/errors';
import { ROOT } from '@motte/test-helpers/vectors';
import {
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXEC, PLACE, TOML, at, execPath, plainImage } from './support/samples.js';

async function rejection(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof MotteError) return `${error.code} ${error.field ?? ''}`.trim();
    throw error;
  }
  return 'accepted';
}

/** A folder of its own, in which a failed build may leave nothing. */
function room(name: string): string {
  mkdirSync(at(name));
  return at(name);
}

const files = (path: string): Map<string, string> => {
  const container = openContainer(path);
  const all = [...container.files].map(
    ([name, source]) => [name, Buffer.from(readBytes(source, 0, source.size)).toString('base64')] as const,
  );
  container.close();
  return new Map(all.sort(([a], [b]) => (a < b ? -1 : 1)));
};

test('building again, elsewhere, of a file of another time, gives the same bytes', async () => {
  const other = join(room('elsewhere'), 'program');
  writeFileSync(other, EXEC, { mode: 0o755 });
  utimesSync(other, 1, 1);
  const output = at('again.keep');
  const { digest } = await build({ exec: other, config: TOML, output });
  assert.equal(readFileSync(output), readFileSync(plainImage));
  const image = open(output);
  assert.is(image.digest, digest);
  image.close();
});

test('a folder holds the same files as an archive', async () => {
  const output = at('folder');
  await build({ exec: execPath, config: TOML, output, format: 'dir' });
  assert.equal(files(output), files(plainImage));
  const [tar, folder] = [await verify(plainImage), await verify(output)];
  assert.is(folder.digest, tar.digest);
  assert.equal(folder.sgx.measurement, tar.sgx.measurement);
  tar.close();
  folder.close();
});

test('nothing of the machine is inside', () => {
  const text = readFileSync(plainImage, 'latin1');
  const { username, homedir } = userInfo();
  for (const secret of [
    ROOT,
    PLACE,
    // As a folder: the shim has a /proc/self/root.
    `${homedir}/`,
    hostname(),
    `"${username}"`,
    process.version,
    String(process.pid),
  ]) {
    assert.not.ok(secret.length > 3 && text.includes(secret), secret);
  }
});

test('what is given changes the image, and only that', async () => {
  const digestOf = async (more: Partial<BuildOptions>): Promise<string> =>
    (await build({ exec: execPath, config: TOML, output: at('varied.keep'), ...more })).digest;
  const plain = await digestOf({});
  assert.is(await digestOf({ format: 'dir', output: at('varied') }), plain);
  assert.is(await digestOf({ name: 'program' }), plain);
  const others = [
    { name: 'other' },
    { config: `${TOML}\n` },
    { config: '[sgx]\nversion = 1' },
    { created: 0 },
    { tees: ['sgx'] },
  ] as const;
  const digests = await Promise.all(
    others.map((more, i) => digestOf({ ...more, output: at(`varied-${i}.keep`) })),
  );
  assert.is(new Set([plain, ...digests]).size, 6);
});

test('an image for SGX alone has nothing of SEV-SNP, and the same Keep for SGX', async () => {
  await build({ exec: execPath, config: TOML, output: at('sgx.keep'), tees: ['sgx'] });
  const [alone, both] = [await verify(at('sgx.keep')), await verify(plainImage)];
  assert.is(alone.snp, undefined);
  assert.equal(
    alone.manifest.shims.map(({ variant }) => variant),
    ['sgx2'],
  );
  assert.equal(
    both.manifest.shims.map(({ variant }) => variant),
    ['sgx2', 'vm'],
  );
  assert.equal(alone.sgx.measurement, both.sgx.measurement);
  assert.equal(alone.sgx.config, both.snp?.config);
  assert.is(both.manifest.measurements[1]?.value, toHex(both.snp?.measurement ?? new Uint8Array(0)));
  alone.close();
  both.close();
});

test('the library plans the same Keeps without an image', async () => {
  const image = await verify(plainImage);
  const config = parseKeepToml(TOML);
  const made = (['snp', 'kvm'] as const).map((tee) =>
    prepareVmKeep({ tee, exec: execPath, name: 'program', config }),
  );
  const [snp, kvm] = made;
  assert.equal(snp?.measurement, image.snp?.measurement);
  assert.not.equal(kvm?.measurement, snp?.measurement);
  for (const keep of made) {
    assert.equal(keep.config, image.snp?.config);
    keep.close();
  }
  image.close();
});

test('a debug Keep has the shims for it', async () => {
  await build({ exec: execPath, config: '[sgx]\ndebug = true\n', output: at('debug.keep') });
  const image = await verify(at('debug.keep'));
  assert.equal(
    image.manifest.shims.map(({ variant }) => variant),
    ['sgx2-debug', 'vm-debug'],
  );
  image.close();
});

test('a time is in the image only when it is given', async () => {
  assert.not.match(readFileSync(plainImage, 'latin1'), /created|\d{4}-\d{2}-\d{2}T/);
  const output = at('dated.keep');
  await build({ exec: execPath, config: TOML, output, created: 1_700_000_000 });
  const image = await verify(output);
  assert.is(image.created, '2023-11-14T22:13:20Z');
  image.close();
});

for (const [name, options, code] of [
  ['no such program', { exec: '/nonexistent' }, /ENOENT/],
  ['a program that is none', { exec: join(ROOT, 'package.json') }, /ELF_MAGIC/],
  ['a folder as program', { exec: ROOT }, /IMAGE_LAYOUT/],
  ['an unknown key in Keep.toml', { config: 'argz = 1' }, /KEEP_UNKNOWN_KEY/],
  ['a name with a slash', { name: 'a/b' }, /IMAGE_FIELD Keep manifest: name/],
  ['a name that is too long', { name: 'x'.repeat(256) }, /IMAGE_FIELD Keep manifest: name/],
  ['no name', { name: '' }, /CONFIG_|IMAGE_FIELD/],
  ['a name with NUL', { name: 'a\0b' }, /CONFIG_TEXT/],
  ['a TEE without SGX', { tees: ['snp'] }, /TEE_UNSUPPORTED tees/],
  ['TEEs in another order', { tees: ['snp', 'sgx'] }, /TEE_UNSUPPORTED tees/],
  ['no TEE', { tees: [] }, /TEE_UNSUPPORTED/],
  ['a time that is none', { created: 1.5 }, /IMAGE_OPTION created/],
  ['a time that is too late', { created: 1e12 }, /IMAGE_OPTION created/],
  ['a shim that is none', { shim: execPath }, /ELF_SHIM/],
  ['a place that is not there', { output: '/nonexistent/x.keep' }, /OUTPUT_FAILED/],
] as const) {
  test(`${name} is refused, and nothing is left`, async () => {
    const folder = room(`refused-${name.replaceAll(' ', '-')}`);
    const work = build({ exec: execPath, output: join(folder, 'x.keep'), ...options });
    const said = await work.then(
      () => 'accepted',
      (error: NodeJS.ErrnoException & { field?: string }) => `${error.code} ${error.field ?? ''}`,
    );
    assert.match(said, code);
    assert.equal(readdirSync(folder), []);
  });
}

test('stopped after any number of steps a build leaves nothing', () => {
  const large = at('large-program');
  writeFileSync(large, Buffer.concat([EXEC, Buffer.alloc(5 << 20, 1)]));
  for (const format of ['tar', 'dir'] as const) {
    const folder = room(`stopped-${format}`);
    for (let steps = 0; ; steps++) {
      const work = buildSteps({ exec: large, output: join(folder, 'x'), format });
      let done = false;
      for (let i = 0; i < steps && !done; i++) done = work.next().done === true;
      if (done) {
        assert.ok(steps > 15, `${steps} steps`);
        break;
      }
      assert.is(
        codeOf(() => work.throw(new MotteError('IMAGE_ABORTED'))),
        'IMAGE_ABORTED',
      );
      assert.equal(readdirSync(folder), [], `${steps} steps`);
    }
    assert.equal(readdirSync(folder), ['x']);
  }
});

test('a signal stops a build', async () => {
  const folder = room('aborted');
  const output = join(folder, 'x.keep');
  const reason = new Error('enough');
  const early = build({ exec: execPath, output, signal: AbortSignal.abort(reason) });
  assert.is(await rejection(early), 'IMAGE_ABORTED');
  const controller = new AbortController();
  setImmediate(() => controller.abort(reason));
  const large = at('larger-program');
  writeFileSync(large, Buffer.concat([EXEC, Buffer.alloc(64 << 20)]));
  const late = build({ exec: large, output, signal: controller.signal });
  assert.is(await rejection(late), 'IMAGE_ABORTED');
  assert.equal(readdirSync(folder), []);
});

test('a program that changes while it is read is noticed', () => {
  const changing = at('changing');
  const folder = room('changed');
  writeFileSync(changing, Buffer.concat([EXEC, Buffer.alloc(3 << 20)]));
  const work = buildSteps({ exec: changing, output: join(folder, 'x.keep') });
  // Until the archive has begun: then everything was measured and nothing of the program copied, or not all.
  while (readdirSync(folder).length === 0) assert.is(work.next().done, false);
  writeFileSync(changing, Buffer.concat([EXEC, Buffer.alloc(3 << 20, 1)]));
  const rest = (): void => {
    while (work.next().done !== true);
  };
  assert.is(codeOf(rest), 'IMAGE_BLOB_DIGEST');
  assert.equal(readdirSync(folder), []);
});

test('an image takes the place of an image, and of nothing else', async () => {
  const place = room('places');
  const output = join(place, 'image');
  const make = (format: 'tar' | 'dir', name: string): Promise<unknown> =>
    build({ exec: execPath, output, format, name });
  await make('dir', 'a');
  await make('dir', 'b');
  assert.is(open(output).manifest.name, 'b');
  rmSync(output, { recursive: true });
  mkdirSync(output);
  await make('dir', 'c');
  assert.is(open(output).manifest.name, 'c');
  writeFileSync(join(output, 'mine'), 'x');
  assert.is(await rejection(make('dir', 'd')), `FILE_EXISTS ${output}`);
  assert.is(readFileSync(join(output, 'mine'), 'utf8'), 'x');
  assert.is(await rejection(make('tar', 'd')), `FILE_EXISTS ${output}`);
  rmSync(output, { recursive: true });
  writeFileSync(output, EXEC);
  assert.is(await rejection(make('dir', 'd')), `FILE_EXISTS ${output}`);
  assert.is(await rejection(build({ exec: output, output })), `FILE_EXISTS ${output}`);
  assert.is(await rejection(build({ exec: output, output: '/dev/null' })), 'FILE_EXISTS /dev/null');
  assert.equal(new Uint8Array(readFileSync(output)), EXEC);
  writeFileSync(output, '');
  await make('tar', 'd');
  await make('tar', 'e');
  assert.is(open(output).manifest.name, 'e');
  assert.equal(readdirSync(place), ['image']);
  assert.is(statSync(output).mode & 0o777, 0o666 & ~process.umask());
});

/** Ways to spoil a folder that holds an image. */
const SPOILED: readonly (readonly [name: string, spoil: (folder: string) => void, code: RegExp])[] = [
  ['nothing', () => {}, /^accepted$/],
  ['a file beside index.json', (f) => writeFileSync(join(f, 'x'), ''), /^IMAGE_LAYOUT "x"$/],
  ['a folder beside sha256', (f) => mkdirSync(join(f, 'blobs/sha512')), /^IMAGE_DIGEST_ALGORITHM/],
  ['a file beside the blobs', (f) => writeFileSync(join(f, 'blobs/sha256/x'), ''), /^IMAGE_LAYOUT/],
  ['an extra blob', (f) => writeFileSync(join(f, `blobs/sha256/${'0'.repeat(64)}`), ''), /^IMAGE_BLOB_EXTRA/],
  ['no index', (f) => rmSync(join(f, 'index.json')), /^IMAGE_LAYOUT index.json$/],
  ['no blobs', (f) => rmSync(join(f, 'blobs'), { recursive: true }), /^IMAGE_LAYOUT/],
  [
    'a link to a blob',
    (f) => {
      const [name = ''] = readdirSync(join(f, 'blobs/sha256'));
      renameSync(join(f, 'blobs/sha256', name), at('elsewhere.blob'));
      symlinkSync(at('elsewhere.blob'), join(f, 'blobs/sha256', name));
    },
    /^ELOOP/,
  ],
  [
    'a link to the blobs',
    (f) => {
      renameSync(join(f, 'blobs'), at('elsewhere.blobs'));
      symlinkSync(at('elsewhere.blobs'), join(f, 'blobs'));
    },
    /^IMAGE_LAYOUT/,
  ],
  [
    'a folder in a blob’s place',
    (f) => {
      const [name = ''] = readdirSync(join(f, 'blobs/sha256'));
      rmSync(join(f, 'blobs/sha256', name));
      mkdirSync(join(f, 'blobs/sha256', name));
    },
    /^IMAGE_LAYOUT/,
  ],
];

for (const [i, [name, spoil, code]] of SPOILED.entries()) {
  test(`a folder with ${name}`, async () => {
    const folder = at(`spoiled-${i}`);
    await build({ exec: execPath, output: at('sound'), format: 'dir' });
    cpSync(at('sound'), folder, { recursive: true });
    spoil(folder);
    const said = await verify(folder).then(
      (image) => (image.close(), 'accepted'),
      (error: NodeJS.ErrnoException & { field?: string }) => `${error.code} ${error.field ?? ''}`.trim(),
    );
    assert.match(said, code);
  });
}

test.run();
