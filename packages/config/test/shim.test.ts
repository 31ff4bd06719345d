// SPDX-License-Identifier: Apache-2.0
// The shim's own check of a blob, compiled for this machine, against the decoder here: what the decoder accepts the shim
// accepts, so that no Keep refuses what the tools made; what the shim refuses the decoder refuses.
import { codeOf } from '@motte/test-helpers/errors';
import { fuzzParameters } from '@motte/test-helpers/fuzz';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeBlob } from '../src/blob-decode.js';
import { configBlob } from '../src/blob.js';
import { configs } from './support/configs.js';

const MAIN = `
#include <stdint.h>
#include <stdio.h>
#include "config_blob.h"
int main(void) {
  static _Alignas(8) uint8_t blob[1 << 16];
  uint32_t length;
  while (fread(&length, 4, 1, stdin) == 1 && fread(blob, 1, length, stdin) == length)
    putchar(config_check(blob, length) ? '1' : '0');
  return 0;
}`;

const folder = tempFolder('motte-blob');
const core = join(ROOT, 'shims/core');
writeFileSync(join(folder, 'main.c'), MAIN);
const built = spawnSync('gcc-12', [
  '-O1',
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=all',
  `-I${join(core, 'include')}`,
  join(folder, 'main.c'),
  join(core, 'config_blob.c'),
  '-o',
  join(folder, 'check'),
]);

/** What the shim says of each blob, in one run of the program. */
function shimAccepts(blobs: readonly Uint8Array[]): boolean[] {
  const input = Buffer.concat(
    blobs.flatMap((blob) => [Buffer.from(Uint32Array.of(blob.length).buffer), blob]),
  );
  const ran = spawnSync(join(folder, 'check'), { input, encoding: 'utf8' });
  assert.is(ran.status, 0, ran.stderr);
  assert.is(ran.stdout.length, blobs.length);
  return ran.stdout.split('').map((one) => one === '1');
}

const change = fc.tuple(fc.nat(), fc.nat(255));
const blobs = fc
  .tuple(configs, fc.array(change, { maxLength: 3 }), fc.nat(16))
  .map(([config, changes, cut]) => {
    const bytes = configBlob(config, 'app');
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return cut < 2 ? bytes.subarray(0, bytes.length - cut * 8) : bytes;
  });

if (built.error !== undefined) {
  console.log(`skipped: the shim's check of the config blob: ${built.error.message}`);
} else {
  test('the shim compiles for this machine', () => assert.is(built.status, 0, String(built.stderr)));
  test('the shim accepts every blob that the decoder accepts, and refuses none that it should not', () => {
    const seen = { accepted: 0, refused: 0, shimAlone: 0 };
    fc.assert(
      fc.property(fc.array(blobs, { minLength: 50, maxLength: 50 }), (many) => {
        const shim = shimAccepts(many);
        for (const [i, blob] of many.entries()) {
          const here = codeOf(() => decodeBlob(blob)) === 'accepted';
          assert.ok(!here || shim[i] === true, `refused by the shim: ${Buffer.from(blob).toString('hex')}`);
          seen[here ? 'accepted' : shim[i] === true ? 'shimAlone' : 'refused']++;
        }
      }),
      fuzzParameters(20),
    );
    // The shim looks at no more than what it relies on: texts that are no UTF-8, or paths and ports of another form.
    assert.ok(
      seen.accepted > 100 && seen.refused > 100 && seen.shimAlone < seen.refused,
      JSON.stringify(seen),
    );
  });
}

test.run();
