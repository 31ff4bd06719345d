// SPDX-License-Identifier: Apache-2.0
import { bytesSource, readBytes } from '@motte/binary/source';
import { USTAR, tarChecksum } from '@motte/image/tar/header';
import { readTar } from '@motte/image/tar/read';
import { tarHeader } from '@motte/image/tar/write';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { fuzzParameters } from '@motte/test-helpers/fuzz';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tempFolder } from '@motte/test-helpers/temp';
import { MotteError } from '@motte/binary/error';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const BLOB = `blobs/sha256/${'a1'.repeat(32)}`;
const FILES: readonly (readonly [string, Uint8Array])[] = [
  [BLOB, new Uint8Array(1000).fill(1)],
  ['index.json', utf8('{}')],
  ['oci-layout', new Uint8Array(0)],
];
const END = new Uint8Array(1024);

/** Header and contents of a file; `change` edits the header, whose sum is made right again. */
function entry(
  [name, bytes]: readonly [string, Uint8Array],
  change: (header: Uint8Array) => void = () => {},
  sum = true,
): Uint8Array[] {
  const header = tarHeader(name, bytes.length);
  change(header);
  if (sum)
    header.set(utf8(`${tarChecksum(header).toString(8).padStart(6, '0')}\0 `), USTAR.offsetOf('chksum'));
  return [header, bytes, new Uint8Array((512 - (bytes.length % 512)) % 512)];
}

const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const archive = (...more: readonly Uint8Array[]): Uint8Array =>
  concat(...FILES.flatMap((one) => entry(one)), ...more);
const set = (field: Parameters<typeof USTAR.offsetOf>[0], text: string): ((header: Uint8Array) => void) => {
  return (header) =>
    header.set(
      Uint8Array.from(text, (c) => c.charCodeAt(0)),
      USTAR.offsetOf(field),
    );
};

test('what is written is read, in place', () => {
  const files = readTar(bytesSource(archive(END)));
  assert.equal(
    [...files.keys()],
    FILES.map(([name]) => name),
  );
  for (const [name, bytes] of FILES) {
    const source = files.get(name);
    assert.ok(source);
    assert.equal(readBytes(source, 0, source.size), bytes);
  }
});

test('headers are those of GNU tar, but for what is the machine’s', () => {
  const folder = tempFolder('motte-tar');
  for (const [name, bytes] of FILES) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes, { mode: 0o644 });
  }
  const path = join(folder, 'x.tar');
  const same = [
    '--format=ustar',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mtime=@0',
    '--sort=name',
    '-b',
    '1',
  ];
  const files = FILES.map(([name]) => name);
  const made = spawnSync('tar', [...same, '-cf', path, '-C', folder, ...files], { encoding: 'utf8' });
  assert.is(made.status, 0, made.stderr);
  assert.equal(new Uint8Array(readFileSync(path)), archive(END));
  // As a user would pack a folder: with folders, owners, times and a record of padding.
  const packed = spawnSync('tar', [
    '--format=ustar',
    '-cf',
    path,
    '-C',
    folder,
    'blobs',
    'index.json',
    'oci-layout',
  ]);
  assert.is(packed.status, 0);
  assert.equal([...readTar(bytesSource(readFileSync(path))).keys()].sort(), [...files].sort());
});

const X = [BLOB.replace('a1', 'b2'), utf8('x')] as const;

for (const [name, bytes, code] of [
  ['no end', archive(), 'IMAGE_TAR end of the archive'],
  ['one block of zeros', archive(new Uint8Array(512)), 'IMAGE_TAR end of the archive'],
  ['half a block of zeros', archive(new Uint8Array(1000)), 'IMAGE_TAR end of the archive'],
  ['a record of padding', archive(new Uint8Array(10240)), 'accepted'],
  ['megabytes of padding', archive(new Uint8Array(1 << 20)), 'IMAGE_TAR end of the archive'],
  ['data after the end', archive(END, utf8('x'.repeat(512))), 'IMAGE_TAR end of the archive'],
  ['a file after the end', archive(END, ...entry(X), END), 'IMAGE_TAR end of the archive'],
  ['an empty archive', END, 'IMAGE_LAYOUT oci-layout'],
  ['an empty file', new Uint8Array(0), 'IMAGE_TAR end of the archive'],
  ['a cut in a header', archive(END).subarray(0, 700), 'IMAGE_TAR size of ' + BLOB],
  ['a cut in the contents', concat(...entry(X)).subarray(0, 600), `IMAGE_TAR size of ${X[0]}`],
  [
    'padding with something in it',
    archive(...entry(X).slice(0, 2), new Uint8Array(511).fill(1), END),
    `IMAGE_TAR padding of ${X[0]}`,
  ],
  ['a wrong checksum', archive(...entry(X, set('uname', 'x'), false), END), 'IMAGE_TAR chksum'],
  ['a symbolic link', archive(...entry(X, set('typeflag', '2')), END), 'IMAGE_TAR typeflag'],
  ['a hard link', archive(...entry(X, set('typeflag', '1')), END), 'IMAGE_TAR typeflag'],
  ['a device', archive(...entry(X, set('typeflag', '3')), END), 'IMAGE_TAR typeflag'],
  ['a FIFO', archive(...entry(X, set('typeflag', '6')), END), 'IMAGE_TAR typeflag'],
  ['a PAX header', archive(...entry(X, set('typeflag', 'x')), END), 'IMAGE_TAR typeflag'],
  ['a GNU long name', archive(...entry(X, set('typeflag', 'L')), END), 'IMAGE_TAR typeflag'],
  ['a sparse file', archive(...entry(X, set('typeflag', 'S')), END), 'IMAGE_TAR typeflag'],
  ['an old file', archive(...entry(X, set('typeflag', '\0')), END), 'IMAGE_TAR typeflag'],
  ['a link’s target', archive(...entry(X, set('linkname', '/etc/passwd')), END), 'IMAGE_TAR linkname'],
  ['a prefix', archive(...entry(X, set('prefix', 'a')), END), 'IMAGE_TAR prefix'],
  ['GNU’s magic', archive(...entry(X, set('magic', 'ustar  \0')), END), 'IMAGE_TAR magic'],
  ['no magic', archive(...entry(X, set('magic', '\0\0\0\0\0\0\0\0')), END), 'IMAGE_TAR magic'],
  ['a huge size', archive(...entry(X, set('size', '77777777777')), END), `IMAGE_TAR size of ${X[0]}`],
  [
    'a size in base 256',
    archive(...entry(X, set('size', '\x80\0\0\0\0\0\0\0\0\0\0\x01')), END),
    'IMAGE_TAR size',
  ],
  ['a negative size', archive(...entry(X, set('size', '-0000000001')), END), 'IMAGE_TAR size'],
  [
    'a size that begins with spaces',
    archive(...entry(X, set('size', '          1\0')), END),
    'IMAGE_TAR size',
  ],
  ['a size without end', archive(...entry(X, set('size', '000000000001')), END), 'IMAGE_TAR size'],
  ['a size with an 8', archive(...entry(X, set('size', '00000000008\0')), END), 'IMAGE_TAR size'],
  ['a size in two parts', archive(...entry(X, set('size', '0000001\x000001')), END), 'IMAGE_TAR size'],
  ['a mode that is no number', archive(...entry(X, set('mode', 'rw-r--r-')), END), 'IMAGE_TAR mode'],
  ['reserved bytes', archive(...entry(X, set('reserved_1f4', 'x')), END), 'IMAGE_TAR reserved_1f4'],
  [
    'a name with something after its NUL',
    archive(...entry(X, set('name', `${X[0]}\0x`)), END),
    'IMAGE_TAR name',
  ],
  ['traversal', archive(...entry(['../x', utf8('x')]), END), 'IMAGE_LAYOUT "../x"'],
  ['traversal in blobs', archive(...entry(['blobs/../x', utf8('x')]), END), 'IMAGE_LAYOUT "blobs/../x"'],
  [
    'traversal after blobs',
    archive(...entry(['blobs/sha256/../../x', utf8('x')]), END),
    'IMAGE_LAYOUT "blobs/sha256/../../x"',
  ],
  ['an absolute name', archive(...entry(['/index.json', utf8('x')]), END), 'IMAGE_LAYOUT "/index.json"'],
  ['a dot before', archive(...entry(['./index.json', utf8('x')]), END), 'IMAGE_LAYOUT "./index.json"'],
  ['an unknown name', archive(...entry(['manifest.json', utf8('x')]), END), 'IMAGE_LAYOUT "manifest.json"'],
  ['an empty name', archive(...entry(['', utf8('x')]), END), 'IMAGE_LAYOUT ""'],
  [
    'a digest in capitals',
    archive(...entry([BLOB.toUpperCase(), utf8('x')]), END),
    `IMAGE_LAYOUT "${BLOB.toUpperCase()}"`,
  ],
  [
    'a blob by SHA-512',
    archive(...entry(['blobs/sha512/00', utf8('x')]), END),
    'IMAGE_DIGEST_ALGORITHM blobs/sha512/00',
  ],
  ['a file twice', archive(...entry(['index.json', utf8('x')]), END), 'IMAGE_LAYOUT index.json'],
  ['a folder', archive(...entry(['blobs/', new Uint8Array(0)], set('typeflag', '5')), END), 'accepted'],
  [
    'another folder',
    archive(...entry(['etc/', new Uint8Array(0)], set('typeflag', '5')), END),
    'IMAGE_LAYOUT "etc/"',
  ],
  [
    'a folder with contents',
    archive(...entry(['blobs/', utf8('x')], set('typeflag', '5')), END),
    'IMAGE_LAYOUT "blobs/"',
  ],
  ['a file in a folder’s place', archive(...entry(['blobs/', utf8('x')]), END), 'IMAGE_LAYOUT "blobs/"'],
] as const) {
  test(name, () => {
    assert.is(
      codeAndField(() => readTar(bytesSource(bytes))),
      code,
    );
  });
}

test('more files than any image has', () => {
  const many = Array.from({ length: 1100 }, (_, i) => {
    const name = `blobs/sha256/${i.toString(16).padStart(64, '0')}`;
    return entry([name, new Uint8Array(0)]);
  });
  assert.is(
    codeOf(() => readTar(bytesSource(archive(...many.flat(), END)))),
    'IMAGE_LIMIT',
  );
});

test('whatever is changed is refused, or means the same', () => {
  const good = archive(END);
  const names = FILES.map(([name]) => name).join();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (edits) => {
        const bytes = new Uint8Array(good);
        for (const [at, value] of edits) bytes[at] = value;
        try {
          assert.is([...readTar(bytesSource(bytes)).keys()].join(), names);
        } catch (error) {
          if (!(error instanceof MotteError)) throw error;
          assert.match(error.code, /^IMAGE_/);
        }
      },
    ),
    fuzzParameters(2000),
  );
});

test.run();
