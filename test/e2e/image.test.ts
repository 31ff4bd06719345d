// SPDX-License-Identifier: Apache-2.0
// What was verified is what runs: an image whose file is written to afterwards does not.
import { MotteError } from '@motte/binary/error';
import { build, sign, verify } from '@motte/image';
import { load } from '@motte/loader';
import type { Image } from '@motte/loader';
import { developerSigner } from '@motte/loader/keep/developer-key';
import { EMULATE } from '@motte/test-helpers/emulation';
import { program } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { openSync, closeSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const place = tempFolder('motte-image');
const path = join(place, 'x.keep');
const built = program('tls');

if ('skipped' in built) {
  console.log(`skipped: images that change: ${built.skipped}`);
} else {
  await build({ exec: built.path, output: path });
  await sign(path, { sgx: developerSigner(join(place, 'sgx.pem')) });
  const whole = readFileSync(path);
  const exec = whole.indexOf(readFileSync(built.path));
  const options = { emulate: EMULATE, stdio: 'ignore' } as const;

  const signed = ({ sgx }: Awaited<ReturnType<typeof verify>>): Image => {
    assert.ok(sgx.sigstruct);
    return { ...sgx, sigstruct: sgx.sigstruct };
  };

  test('an image that somebody replaces after it was verified runs as it was', async () => {
    const image = await verify(path);
    writeFileSync(join(place, 'other'), 'something else');
    renameSync(join(place, 'other'), path);
    const keep = await load(signed(image), options);
    assert.equal(keep.measurement, image.sgx.measurement);
    assert.is((await keep.exited).status, 3);
    image.close();
    writeFileSync(path, whole);
  });

  test('an image that somebody changes in place after it was verified is not launched', async () => {
    const image = await verify(path);
    const fd = openSync(path, 'r+');
    writeSync(fd, Uint8Array.of((whole[exec + 0x1800] ?? 0) ^ 1), 0, 1, exec + 0x1800);
    closeSync(fd);
    const code = await load(signed(image), options).then(
      () => 'accepted',
      (error: unknown) => (error instanceof MotteError ? error.code : String(error)),
    );
    assert.is(code, 'SGX_INVALID_MEASUREMENT');
    image.close();
  });
}

test.run();
