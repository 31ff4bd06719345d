// SPDX-License-Identifier: Apache-2.0
// Somebody writes to the file while it is verified: what comes back is what was signed, or nothing does.
import { MotteError } from '@motte/binary/error';
import { verify } from '@motte/image';
import type { VerifiedImage } from '@motte/image';
import { openContainer } from '@motte/image/container/open';
import { verifyContainer } from '@motte/image/verify';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXEC, TOML, at, signedImage } from './support/samples.js';

const whole = readFileSync(signedImage);
const path = at('changing.keep');

/** What a Keep of the image is made of that its measurement does not cover, and the measurement. */
const essence = ({ sgx, manifest }: VerifiedImage): string =>
  JSON.stringify([
    manifest,
    sgx.measurement,
    sgx.config,
    sgx.sigstruct,
    String(sgx.settings.memory),
    sgx.settings.args,
  ]);

const sound = await verify(signedImage);
const wanted = essence(sound);
const sigstruct = Buffer.from(sound.sgx.sigstruct ?? []);
sound.close();

/** The parts of the file, and what is written there instead. */
const CHANGES: readonly (readonly [name: string, at: number, bytes: Uint8Array])[] = [
  ['Keep.toml', whole.indexOf(TOML), Buffer.from(TOML.replace('"a"', '"z"'))],
  ['the SIGSTRUCT', whole.indexOf(sigstruct), sigstruct.map((byte, i) => (i === 20 ? byte ^ 1 : byte))],
  ['the exec', whole.indexOf(EXEC) + 0x1010, Uint8Array.of(0xcc)],
  ['the Keep manifest', whole.indexOf('"version":1') + '"version":'.length, Buffer.from('2')],
];

for (const [name, where, bytes] of CHANGES) {
  test(`${name} changes after any number of steps`, () => {
    assert.ok(where > 0);
    let refused = 0;
    for (let steps = 0; ; steps++) {
      writeFileSync(path, whole);
      const work = verifyContainer(openContainer(path));
      let last = steps === 0 ? undefined : work.next();
      for (let i = 1; i < steps && last?.done !== true; i++) last = work.next();
      const over = last?.done === true;
      const fd = openSync(path, 'r+');
      writeSync(fd, bytes, 0, bytes.length, where);
      closeSync(fd);
      try {
        while (last?.done !== true) last = work.next();
        assert.is(essence(last.value), wanted, `after ${steps} steps`);
        last.value.close();
      } catch (error) {
        if (!(error instanceof MotteError)) throw error;
        refused++;
      }
      if (over) break;
    }
    assert.ok(refused > 0);
  });
}

test.run();
