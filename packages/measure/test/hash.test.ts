// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256 } from '@motte/measure/hash';
import * as noble from '@motte/measure/hash-noble';
import * as node from '@motte/measure/hash-node';
import { ROOT } from '@motte/test-helpers/vectors';

const ALGORITHMS = {
  sha256: [node.newSha256, noble.newSha256],
  sha384: [node.newSha384, noble.newSha384],
  sha512: [node.newSha512, noble.newSha512],
  'sha3-512': [node.newSha3With512, noble.newSha3With512],
};

for (const [name, implementations] of Object.entries(ALGORITHMS)) {
  test(`both implementations are ${name}, and take what changes afterwards`, () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (parts) => {
        const expected = createHash(name).update(Buffer.concat(parts)).digest('hex');
        for (const start of implementations) {
          const hasher = start();
          const buffer = new Uint8Array(200);
          for (const part of parts) {
            buffer.set(part);
            hasher.update(buffer.subarray(0, part.length));
            buffer.fill(0xee);
          }
          assert.is(Buffer.from(hasher.peek()).toString('hex'), expected);
          assert.is(Buffer.from(hasher.digest()).toString('hex'), expected);
        }
        if (name === 'sha256') assert.is(Buffer.from(sha256(...parts)).toString('hex'), expected);
      }),
    );
  });
}

/** esbuild, of which only what is used here is described: it is a tool of the whole workspace. */
interface Esbuild {
  build(options: object): Promise<{ outputFiles: { text: string }[]; metafile: { inputs: object } }>;
}

async function bundle(
  platform: 'browser' | 'node',
  entry = 'sgx',
): Promise<{ text: string; inputs: string[] }> {
  const esbuild = createRequire(join(ROOT, 'package.json'))('esbuild') as Esbuild;
  const result = await esbuild.build({
    entryPoints: [join(ROOT, 'packages/measure/dist/src', `${entry}.js`)],
    bundle: true,
    format: 'esm',
    platform,
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  return { text: result.outputFiles[0]?.text ?? '', inputs: Object.keys(result.metafile.inputs) };
}

test('a bundle for a browser has no Node import, one for Node has no second SHA-256', async () => {
  const browser = await bundle('browser');
  assert.not.match(browser.text, /node:|from "crypto"|require\(/u);
  assert.ok(browser.inputs.some((path) => path.includes('@noble/hashes')));
  const server = await bundle('node');
  assert.match(server.text, /node:crypto/u);
  assert.not.ok(server.inputs.some((path) => path.includes('@noble/hashes')));
});

/** Every TEE, and the pages and command lines that its measurements are made of. */
const ENTRIES = ['sgx', 'sev', 'sev-es', 'snp', 'tdx', 'keystone', 'sanctum', 'pef'];
const READERS = [
  'tdx-rtmr',
  'snp-page-lists',
  'tdx-page-lists',
  'sev-snp-measure/argv',
  'sev-snp-measure/launch',
];

for (const entry of [...ENTRIES, ...READERS]) {
  test(`@motte/measure/${entry} bundles for a browser without Node, and loads`, async () => {
    const { text, inputs } = await bundle('browser', entry);
    assert.not.match(text, /node:|from "crypto"|require\(/u);
    assert.not.ok(inputs.some((path) => path.endsWith('-node.js')));
    const module = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as object;
    assert.ok(Object.values(module).some((value) => typeof value === 'function'));
  });
}

test('the bundle for a browser measures as Node does', async () => {
  const { text } = await bundle('browser');
  const module = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
    measureSgx: (plan: object) => Uint8Array;
  };
  const { measureSgx } = await import('@motte/measure/sgx');
  const { rawSgxPlan } = await import('@motte/plan/sgx/raw');
  const { bytesSource } = await import('@motte/binary/source');
  const image = Uint8Array.from({ length: 5 * 4096 }, (_, i) => (i * 7) & 0xff);
  const plan = rawSgxPlan(bytesSource(image), { file: 'x' });
  assert.equal([...module.measureSgx(plan)], [...measureSgx(plan)]);
});

test.run();
