// SPDX-License-Identifier: Apache-2.0
// The host at the first entry: another boot message, another thread (SECURITY.md, rules 3 and 6).
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultConfig } from '@motte/config/keep-toml';
import { BOOT } from '@motte/hostcall/block';
import { buildProbe, lacking, probeImage } from './support/probe.js';
import { endUnder } from './support/start.js';

type BootField =
  'magic' | 'config_length' | 'args_count' | 'args_length' | 'env_count' | 'env_length' | 'reserved_01c';

/** A field of BOOT, and what is written into it. */
const ROWS: readonly [field: BootField, value: (now: number) => number, cause: string][] = [
  ['magic', () => 0, 'BOOT_MESSAGE'],
  ['config_length', () => 0, 'BOOT_MESSAGE'],
  ['config_length', (now) => now + 4, 'BOOT_MESSAGE'],
  ['config_length', () => 0xfffffff8, 'BOOT_MESSAGE'],
  ['config_length', (now) => now - 8, 'CONFIG_DIGEST'],
  ['config_length', (now) => now + 8, 'CONFIG_DIGEST'],
  ['args_length', () => 0xffffffff, 'BOOT_MESSAGE'],
  ['args_length', () => 0x20000, 'BOOT_MESSAGE'],
  ['args_count', () => 1, 'BOOT_MESSAGE'],
  ['args_length', () => 1, 'BOOT_MESSAGE'],
  ['env_count', () => 0xffffffff, 'BOOT_MESSAGE'],
  ['env_length', () => 0xffffffff, 'BOOT_MESSAGE'],
  ['env_length', () => 8, 'BOOT_MESSAGE'],
  ['reserved_01c', () => 1, 'BOOT_MESSAGE'],
];

const why = lacking();
if (why !== '') console.log(`skipped: boot: ${why}`);
else {
  const exec = buildProbe();

  for (const [field, value, cause] of ROWS) {
    test(`${field}: ${String(value).replace(/^.*=> /, '')}`, async () => {
      const image = probeImage(exec, 'hello');
      const end = await endUnder(image, {
        boot: (message) => {
          const out = new Uint8Array(message.length + 16);
          out.set(message);
          const view = new DataView(out.buffer);
          const at = BOOT.offsetOf(field);
          view.setUint32(at, value(view.getUint32(at, true)), true);
          return out;
        },
      });
      assert.equal([end.ended, end.cause], ['refused', cause]);
      image.close();
    });
  }

  test('the boot message as it should be', async () => {
    const image = probeImage(exec, 'clock');
    const end = await endUnder(image, {});
    assert.equal([end.ended, end.status], ['exited', 0]);
    image.close();
  });

  // In SGX1 the shim refuses it. In SGX2 there is no TCS yet, and the CPU does.
  for (const [version, ended, cause] of [
    [1, 'refused', 'ENTRY_STATE'],
    [2, 'trapped', 'ENTER_REFUSED'],
  ] as const)
    test(`a thread that nobody asked for, SGX${version}`, async () => {
      const image = probeImage(exec, 'hello', { threads: 2, sgx: { ...defaultConfig().sgx, version } });
      const end = await endUnder(image, { thread: 1 });
      assert.equal([end.ended, end.cause], [ended, cause]);
      image.close();
    });
}

test.run();
