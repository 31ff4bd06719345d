// SPDX-License-Identifier: Apache-2.0
// Launches the Keep of a real program with the real shim, and compares what the helper is given with the plan: every
// byte, every permission, and that there is nothing else.
import { bytesSource, readBytes } from '@motte/binary/source';
import { secinfoFlags } from '@motte/plan/sgx/secinfo-flags';
import { planTotals } from '@motte/plan/totals';
import { createSgxKey, signerFromPem } from '@motte/sign/key-node';
import { sameBytes } from '@motte/test-helpers/bytes';
import { program } from '@motte/test-helpers/programs';
import { existsSync, readSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emulatedBackend } from '@motte/loader/emulated/enclave';
import { prepareSgxKeep } from '@motte/loader/keep/prepare';
import { launch } from '@motte/loader/launch';
import { configId } from '@motte/loader/load';
import { shimPlace } from '@motte/loader/prebuilt';
import { EPC_ENTRIES_OFFSET, EPCM_ENTRY, EPCM_FLAGS } from '@motte/loader/protocol/epc';

const PAGE = 4096;
const signer = signerFromPem(createSgxKey());
const built = program('tls');

function read(fd: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  assert.is(readSync(fd, bytes, 0, length, at), length);
  return bytes;
}

if ('skipped' in built || !existsSync(shimPlace('sgx2.elf'))) {
  console.log(
    `skipped: the Keep of a program: ${'skipped' in built ? built.skipped : 'sgx2.elf is not built'}`,
  );
} else {
  test('every page of the Keep of a program', () => {
    const image = prepareSgxKeep({ exec: built.path, signer });
    const enclave = launch(image.plan, emulatedBackend(), {
      sigstruct: image.sigstruct,
      configId: configId(image.config),
      base: 0n,
    });
    const { memory, epc } = enclave;
    assert.ok(epc !== undefined);
    for (const run of image.plan.runs.filter(({ kind }) => kind !== 'secs')) {
      const at = Number(run.address);
      const expected = new Uint8Array(run.pages * PAGE);
      expected.set(readBytes(run.bytes, 0, run.bytes.size));
      sameBytes(read(memory.fd, at, expected.length), expected, `${run.source.file} ${run.source.section}`);
      const flags = secinfoFlags(run);
      const entry = EPCM_ENTRY.write({ type: flags >> 8, permissions: flags & 7, flags: EPCM_FLAGS.VALID });
      for (let i = 0; i < run.pages; i++) {
        const place = EPC_ENTRIES_OFFSET + (at / PAGE + i) * EPCM_ENTRY.size;
        sameBytes(
          read(epc.fd, place, EPCM_ENTRY.size),
          entry,
          `EPCM of page 0x${(at / PAGE + i).toString(16)}`,
        );
      }
    }
    // Pages that are valid but in no run would be the loader's own.
    const all = read(epc.fd, EPC_ENTRIES_OFFSET, Number(image.plan.size / BigInt(PAGE)) * EPCM_ENTRY.size);
    let valid = 0;
    for (let i = EPCM_ENTRY.offsetOf('flags'); i < all.length; i += EPCM_ENTRY.size)
      valid += all[i] === 0 ? 0 : 1;
    const { measured, unmeasured } = planTotals(image.plan);
    assert.is(valid, measured + unmeasured);
    sameBytes(enclave.measurement, image.measurement);
    enclave.close();
    image.close();
  });

  test('one other byte of the program is another Keep, which the signature does not cover', () => {
    const image = prepareSgxKeep({ exec: built.path, signer });
    const runs = image.plan.runs.map((run) => {
      if (run.source.file !== built.path || !run.permissions.execute) return run;
      const bytes = readBytes(run.bytes, 0, run.bytes.size);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      return { ...run, bytes: bytesSource(bytes) };
    });
    const input = { sigstruct: image.sigstruct, configId: configId(image.config), base: 0n };
    assert.throws(() => launch({ ...image.plan, runs }, emulatedBackend(), input), /another MRENCLAVE/);
    image.close();
  });
}

test.run();
