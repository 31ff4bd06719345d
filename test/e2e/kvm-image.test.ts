// SPDX-License-Identifier: Apache-2.0
// Files of the image, and programs that put others in their place, in Keeps on plain KVM: the exec files are those of
// image-files.test.ts and exec.test.ts, and natively they do the same.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TABLE } from '@motte/hostcall/table';
import { LIE_KIND } from '@motte/loader/protocol/messages';
import { tempFolder } from '@motte/test-helpers/temp';
import { GRANT, outOf, testCases } from './support/vm-cases.js';
import type { HostCase } from './support/vm-cases.js';
import { assertNative } from './support/vm-programs.js';
import type { Native } from './support/vm-programs.js';
import type { VmRan } from './support/vm-run.js';

const FOLDER = tempFolder('motte-kvm-image');

function folder(name: string): string {
  const path = join(FOLDER, name);
  mkdirSync(path);
  return path;
}

const CHUNK = 65536;
const CHUNKS = 64;

/** Files of sizes that are an edge, links, and a name with more than ASCII. */
function imageFolder(): string {
  const at = folder('image');
  const source = join(at, 'source');
  mkdirSync(join(source, 'sub/empty'), { recursive: true });
  for (const size of [0, 1, 4096, CHUNK - 1, CHUNK, 5 * CHUNK - 7])
    writeFileSync(join(source, `size-${size}`), Buffer.alloc(size, `${size} `));
  writeFileSync(join(source, 'é name'), 'é');
  writeFileSync(join(source, 'script'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync('script', join(source, 'link'));
  symlinkSync('../..', join(source, 'sub/up'));
  writeFileSync(join(at, 'repeated'), Buffer.alloc(CHUNKS * CHUNK, 'repeated'));
  return at;
}

const WALKED = '[[image]]\npath = "/data"\nsource = "source"\n';

function images(at: string, path: string): readonly HostCase[] {
  const walked = (ran: VmRan): void => assertNative(ran, spawnSync(path, ['walk', join(at, 'source')]));
  const self = `[[image]]\npath = "/bin/program"\nsource = "${path}"\n`;
  const again = { args: ['again', '/file'], folder: at };
  const repeated = 'memory = "4MiB"\n[[image]]\npath = "/file"\nsource = "repeated"\n';
  const { number } = TABLE.find(({ name }) => name === 'image_read') ?? { number: 0 };
  // The index, each chunk once, and some of the second time: the cache is a quarter of the Keep.
  const nth = 1 + CHUNKS + 3;
  const lie = { number, nth, kind: LIE_KIND.WRITE, value: '90', size: 1, at: String(0x1000 + 99) };
  return [
    {
      name: 'a directory of the image is read as natively',
      run: { args: ['walk', '/data'], keep: WALKED, folder: at },
      check: walked,
    },
    {
      name: 'a program of the image runs',
      run: {
        args: ['exec', '/bin/program', 'walk', '/data'],
        keep: `exec = "keep"\n${WALKED}${self}`,
        folder: at,
      },
      check: walked,
    },
    {
      name: 'a file of the image that is larger than what is kept of it is read twice',
      run: { ...again, keep: repeated },
      check: (ran) => assertNative(ran, spawnSync(path, ['again', join(at, 'repeated')])),
    },
    {
      name: 'contents that the host changes between two reads end the Keep',
      run: { ...again, keep: repeated, lies: [lie] },
      check: (ran) => assert.is(ran.cause, 'IMAGE_CONTENTS', JSON.stringify(ran)),
    },
  ];
}

/** Standard input stays open: one thread of the program waits for it when another replaces the program. */
async function replacedNatively(path: string): Promise<Native> {
  const child = spawn(path, [folder('replaced'), path], { stdio: 'pipe', env: { K: 'value' } });
  const end = once(child, 'close');
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  const [status] = (await end) as [number];
  child.stdin.destroy();
  return { stdout, stderr, status, signal: null };
}

function replaced(path: string): readonly HostCase[] {
  const data = folder('programs');
  cpSync(path, join(data, 'program'));
  const keep = (exec: string): string => `threads = 9\nexec = "${exec}"\n${GRANT}`;
  return [
    {
      name: 'a program puts itself in its own place, in every way, as natively',
      run: { args: ['/tmp', '/data/program'], keep: keep('keep'), data, inputOpen: true },
      check: async (ran) => assertNative(ran, await replacedNatively(path)),
    },
    ...(
      [
        ['none', '/tmp/copy', 'EACCES'],
        ['keep', '/tmp/copy', 'runs'],
        ['keep', '/data/program', 'EACCES'],
        ['granted', '/data/program', 'runs'],
        ['keep', '/tmp/writable-code', 'ENOEXEC'],
      ] as const
    ).map(([exec, from, said]) => ({
      name: `exec = "${exec}", ${from}: ${said}`,
      run: { args: ['one', from, '/data/program'], keep: keep(exec), data },
      check: (ran: VmRan) => assert.is(outOf(ran), `${said}\n`, JSON.stringify(ran)),
    })),
  ];
}

const image = imageFolder();

await testCases([
  ['image', (path) => images(image, path)],
  ['exec', replaced],
]);

test.run();
