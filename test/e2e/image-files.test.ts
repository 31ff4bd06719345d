// SPDX-License-Identifier: Apache-2.0
// Files of the Keep's image: what a program reads of them is what it reads of the same files natively, nothing changes
// them, and a host that gives others ends the Keep.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { parseKeepToml } from '@motte/config/keep-toml';
import { TABLE } from '@motte/hostcall/table';
import { developerSigner } from '@motte/loader/keep/developer-key';
import { prepareSgxKeep } from '@motte/loader/keep/prepare';
import { load } from '@motte/loader/load';
import { LIE_KIND } from '@motte/loader/protocol/messages';
import { helperPath } from '@motte/loader/prebuilt';
import { build, sign, verify } from '@motte/image';
import type { Image } from '@motte/loader';
import { EMULATE, EMULATE_FLAG, INTERRUPTED, patience, whenStrict } from '@motte/test-helpers/emulation';
import { program } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
const HELPER = join(dirname(helperPath()), 'motte-helper-hostile');
const CHUNK = 65536;
const folder = tempFolder('motte-image-files');

/** Bytes that look like nothing, the same at each run. */
function noise(count: number, seed: number): Buffer {
  const bytes = Buffer.alloc(count);
  let word = seed | 1;
  for (let at = 0; at < count; at++) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    bytes[at] = word >>> 24;
  }
  return bytes;
}

/** Files of every kind and size that is an edge. */
function makeFiles(at: string): void {
  mkdirSync(join(at, 'sub/empty'), { recursive: true });
  mkdirSync(join(at, 'deep/er'), { recursive: true });
  for (const size of [0, 1, 4096, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK - 7])
    writeFileSync(join(at, `size-${size}`), noise(size, size + 3));
  writeFileSync(join(at, 'deep/er/é name with blanks'), 'é');
  writeFileSync(join(at, 'file'), 'measured');
  writeFileSync(join(at, 'script'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync('file', join(at, 'link'));
  symlinkSync('nowhere', join(at, 'dangling'));
  symlinkSync('../..', join(at, 'deep/er/up'));
}

const source = join(folder, 'source');
makeFiles(source);

function keepToml(name: string, more = '', image = `[[image]]\npath = "/data"\nsource = "source"\n`): string {
  const path = join(folder, name);
  writeFileSync(path, `args = "host"\n${more}${image}`);
  return path;
}

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly talk: string;
}

function motte(...line: readonly string[]): Ran {
  const ran = spawnSync(MOTTE, line, {
    encoding: 'utf8',
    timeout: patience(240_000),
    maxBuffer: 1 << 26,
  });
  return { status: ran.status, stdout: ran.stdout, talk: ran.stderr };
}

const built = program('image');
if ('skipped' in built) console.log(`skipped: files of the image: ${built.skipped}`);
else {
  const exec = built.path;
  const natively = (at: string): string => spawnSync(exec, ['walk', at], { encoding: 'utf8' }).stdout;
  const expected = natively(source);

  test('the program sees the files natively', () => assert.ok(expected.split('\n').length > 15, expected));

  const plain = [
    { what: 'patched', flags: ['--emulate'], more: '' },
    { what: 'not patched', flags: ['--emulate', '--no-patch'], more: '' },
    { what: 'strict', flags: ['--emulate=strict'], more: '' },
    { what: 'with SGX1', flags: ['--emulate'], more: '[sgx]\nversion = 1\n' },
  ];
  for (const { what, flags, more } of whenStrict(plain.slice(2, 3), plain)) {
    test(`a directory of the image, ${what}: as natively`, () => {
      const ran = motte('run', ...flags, '--config', keepToml('walk.toml', more), exec, 'walk', '/data');
      assert.is(ran.stdout, expected, ran.talk);
      assert.is(ran.status, 0);
    });
  }

  for (const format of ['tar', 'dir'] as const) {
    test(`in an image as ${format}: as natively, without the files that it was made of`, () => {
      const [from, image] = [join(folder, `from-${format}`), join(folder, `${format}.keep`)];
      mkdirSync(from);
      cpSync(source, join(from, 'source'), { recursive: true, verbatimSymlinks: true });
      cpSync(keepToml('image.toml'), join(from, 'Keep.toml'));
      const made = motte('build', exec, '--config', join(from, 'Keep.toml'), '--format', format, '-o', image);
      assert.is(made.status, 0, made.talk);
      writeFileSync(join(from, 'source/file'), 'something else');
      const ran = motte('run', EMULATE_FLAG, image, 'walk', '/data');
      assert.is(ran.stdout, expected, ran.talk);
      const { result } = JSON.parse(motte('verify', 'image', '--json', image).stdout) as {
        result: { entries: { path: string; sha256?: string }[] };
      };
      const file = result.entries.find(({ path }) => path === '/data/file');
      const sum = spawnSync('sha256sum', [join(source, 'file')], { encoding: 'utf8' }).stdout.slice(0, 64);
      assert.is(file?.sha256, sum);
    });
  }

  test('nothing changes them: the errors are those of a read-only mount', () => {
    const ran = motte(
      'run',
      EMULATE_FLAG,
      '--config',
      keepToml('refused.toml'),
      exec,
      'refused',
      '/data',
      '/tmp',
    );
    assert.is(ran.status, 0, ran.talk);
    const lines = ran.stdout.trimEnd().split('\n');
    const own = ['rename the top: ', 'mode ', 'directory: '];
    assert.equal(
      lines.filter((line) => own.some((start) => line.startsWith(start))),
      [
        'rename the top: EROFS',
        'mode 100444, owner 0 0, links 1, times 1 1 1',
        'directory: mode 40555, owner 0 0, time 1',
      ],
    );
    const [place, out] = [join(folder, 'read-only'), join(folder, 'out')];
    mkdirSync(place);
    mkdirSync(out);
    const inside = 'mount --bind "$1" "$2" && mount -o remount,ro,bind "$2" && exec "$3" refused "$2" "$4"';
    const mounted = ['-rm', 'sh', '-c', inside, 'sh', source, place, exec, out];
    const native = spawnSync('unshare', mounted, { encoding: 'utf8' });
    if (native.status !== 0) {
      console.log(`skipped: a read-only mount natively: ${native.stderr}${native.error?.message ?? ''}`);
      return;
    }
    const common = (text: readonly string[]): string[] =>
      text.filter((line) => !own.some((start) => line.startsWith(start)));
    assert.equal(common(lines), common(native.stdout.trimEnd().split('\n')));
  });

  for (const [permitted, said] of [
    ['keep', expected],
    ['none', 'execv: EACCES\n'],
  ] as const) {
    test(`a program of the image, exec = "${permitted}"`, () => {
      const from = `[[image]]\npath = "/bin/program"\nsource = "${exec}"\n`;
      const image = `[[image]]\npath = "/data"\nsource = "source"\n${from}`;
      const toml = keepToml('exec.toml', `exec = "${permitted}"\n`, image);
      const ran = motte('run', EMULATE_FLAG, '--config', toml, exec, 'exec', '/bin/program', 'walk', '/data');
      assert.is(ran.stdout, said, ran.talk);
    });
  }

  const EXE = '/proc/self/exe';
  for (const [how, line] of [
    ['reads its own file', ['self', EXE]],
    ['starts its own file', ['exec', EXE, 'self', EXE]],
  ] as const) {
    test(`a program that is a file of the image too ${how}: as natively`, () => {
      const native = spawnSync(exec, line, { encoding: 'utf8' });
      const image = `[[image]]\npath = "/exec"\nsource = "${exec}"\n`;
      const toml = keepToml('self.toml', 'exec = "keep"\n', image);
      const ran = motte('run', EMULATE_FLAG, '--config', toml, exec, ...line);
      assert.is(ran.stdout, native.stdout, ran.talk);
      assert.match(ran.stdout, /^an absolute path\n \d+ bytes, executable /);
    });
  }

  test('a program that is in no file: its own file has a name and is not there', () => {
    const ran = motte('run', EMULATE_FLAG, '--config', keepToml('none.toml'), exec, 'self', EXE);
    assert.is(ran.stdout, 'an absolute path\nstat: ENOENT\n', ran.talk);
  });

  for (const [what, other] of [
    ['another file', 'source/file'],
    ['a file of the same size', 'same-size'],
    ['a directory', 'source'],
  ] as const) {
    test(`${what} as the program's own: refused before anything runs`, () => {
      const bytes = readFileSync(exec);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(join(folder, 'same-size'), bytes);
      const toml = keepToml('other.toml', '', `[[image]]\npath = "/exec"\nsource = "${other}"\n`);
      const ran = motte('run', EMULATE_FLAG, '--config', toml, exec, 'self', EXE);
      assert.equal([ran.status, ran.stdout], [122, '']);
      assert.match(
        ran.talk,
        what === 'a directory' ? /IMAGE_SOURCE/ : /\/exec: .* own program.*\[FILE_INDEX\]/,
      );
      const image = motte('build', exec, '--config', toml, '-o', join(folder, 'other.keep'));
      assert.is(image.status, 2, image.talk);
    });
  }

  test('what is granted can lie within a directory of the image, which stays as it is', () => {
    const granted = join(folder, 'granted');
    mkdirSync(granted);
    writeFileSync(join(granted, 'theirs'), 'x');
    const toml = keepToml(
      'within.toml',
      '',
      `[[image]]\npath = "/data"\nsource = "source"\n[[files]]\npath = "/data/granted"\nhost = "granted"\n`,
    );
    const ran = motte('run', EMULATE_FLAG, '--config', toml, exec, 'walk', '/data/granted');
    assert.match(ran.stdout, /^\/theirs /, ran.talk);
  });

  test('the measurement is of contents, names and executable files, and of nothing else of the machine', () => {
    const copy = join(folder, 'elsewhere');
    cpSync(source, join(copy, 'source'), { recursive: true, verbatimSymlinks: true });
    const toml = join(copy, 'Keep.toml');
    cpSync(keepToml('measure.toml'), toml);
    const digest = (config = toml): string => {
      const ran = motte('measure', 'sgx', '--json', '--config', config, exec);
      assert.is(ran.status, 0, ran.talk);
      return (JSON.parse(ran.stdout) as { result: { config: { digest: string } } }).result.config.digest;
    };
    const file = join(copy, 'source/file');
    chmodSync(file, 0o600);
    utimesSync(file, 7, 7);
    const first = digest();
    assert.is(digest(join(folder, 'measure.toml')), first);
    chmodSync(file, 0o700);
    const executable = digest();
    chmodSync(file, 0o600);
    writeFileSync(file, 'Measured');
    const changed = digest();
    assert.is(new Set([first, executable, changed]).size, 3);
  });

  for (const [what, image, said] of [
    ['a source that is not there', '[[image]]\npath = "/x"\nsource = "none"\n', /IMAGE_SOURCE/],
    ['a device', '[[image]]\npath = "/x"\nsource = "/dev/null"\n', /IMAGE_SOURCE/],
    [
      'a file twice',
      '[[image]]\npath = "/a"\nsource = "source"\n[[image]]\npath = "/a/file"\nsource = "source/file"\n',
      /FILE_INDEX/,
    ],
    [
      'a file in a grant',
      '[[image]]\npath = "/a/b"\nsource = "source"\n[[files]]\npath = "/a"\nhost = "."\n',
      /FILE_INDEX/,
    ],
  ] as const) {
    test(`${what} is refused before anything runs`, () => {
      const ran = motte('measure', 'sgx', '--config', keepToml('bad.toml', '', image), exec);
      assert.is(ran.status, 2);
      assert.match(ran.talk, said);
    });
  }

  test('1500 files', () => {
    const many = join(folder, 'many');
    for (let i = 0; i < 1500; i++) {
      mkdirSync(join(many, String(i % 40)), { recursive: true });
      writeFileSync(join(many, String(i % 40), `file ${i}`), `this is ${i}`);
    }
    const toml = keepToml('many.toml', '', '[[image]]\npath = "/many"\nsource = "many"\n');
    const ran = motte('run', EMULATE_FLAG, '--config', toml, exec, 'walk', '/many');
    assert.is(ran.stdout, natively(many), ran.talk);
  });

  test('100 MiB in a Keep of 64 MiB, read twice', () => {
    const large = join(folder, 'large');
    writeFileSync(large, noise(CHUNK, 9));
    truncateSync(large, 100 << 20);
    const fd = openSync(large, 'r+');
    writeSync(fd, noise(CHUNK, 11), 0, CHUNK, 77_777_777);
    closeSync(fd);
    const toml = keepToml(
      'large.toml',
      'memory = "64MiB"\n',
      '[[image]]\npath = "/large"\nsource = "large"\n',
    );
    const ran = motte('run', EMULATE_FLAG, '--config', toml, exec, 'again', '/large');
    const native = spawnSync(exec, ['again', large], { encoding: 'utf8' });
    assert.is(ran.stdout, native.stdout, ran.talk);
  });

  if (existsSync(HELPER)) {
    test('contents that the host changes between two reads end the Keep', async () => {
      const chunks = 64;
      writeFileSync(join(folder, 'repeated'), noise(chunks * CHUNK, 5));
      const toml = `args = ["again", "/repeated"]\nmemory = "4MiB"\n[[image]]\npath = "/repeated"\nsource = "repeated"\n`;
      const signer = developerSigner(join(folder, 'developer.pem'));
      const image = prepareSgxKeep({ exec, config: parseKeepToml(toml), folder, signer });
      const { number } = TABLE.find(({ name }) => name === 'image_read') ?? { number: 0 };
      // The index, each chunk once, and chunks of the second time: the cache is a quarter of the Keep.
      const at = 1 + chunks + 3;
      const ended = async (lies: readonly object[]): Promise<string | undefined> => {
        const keep = await load(image, {
          emulate: EMULATE,
          stdio: 'ignore',
          helper: HELPER,
          emulation: { ...INTERRUPTED, lies: lies as never },
        });
        const end = await keep.exited;
        return end.cause ?? `${end.ended} ${end.status}`;
      };
      const lie = { number, nth: at, kind: LIE_KIND.WRITE, value: 0x5an, size: 1, at: 0x1000n + 99n };
      assert.is(await ended([]), 'exited 0');
      assert.is(await ended([lie]), 'IMAGE_CONTENTS');
      image.close();
    });
  } else console.log('skipped: contents that change: the hostile helper is not built');

  test('an image whose file is changed after it was verified ends at its first use', async () => {
    const path = join(folder, 'changed.keep');
    const toml = 'args = ["again", "/file"]\n[[image]]\npath = "/file"\nsource = "source/file"\n';
    await build({ exec, output: path, config: toml, folder });
    await sign(path, { sgx: developerSigner(join(folder, 'developer.pem')) });
    const at = readFileSync(path).indexOf('measured\0');
    const image = await verify(path);
    const { sigstruct } = image.sgx;
    assert.ok(sigstruct !== undefined && at > 0);
    const fd = openSync(path, 'r+');
    writeSync(fd, 'M', at);
    closeSync(fd);
    const given: Image = { ...image.sgx, sigstruct };
    const keep = await load(given, { emulate: EMULATE, stdio: 'ignore' });
    assert.is((await keep.exited).cause, 'IMAGE_CONTENTS');
    image.close();
  });
}

test.run();
