// SPDX-License-Identifier: Apache-2.0
// Keystone's keys and reports. No OpenSSL has Ed25519 with SHA3-512: the vectors come from the reference's own C.
import { KEYSTONE_REPORT } from '@motte/sign/keystone/report';
import { sameBytes } from '@motte/test-helpers/bytes';
import { VECTORS, haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE, json, motte, refusal } from './motte.js';

const folder = join(PLACE, 'sign-keystone');
mkdirSync(folder);
const at = (name: string): string => join(folder, name);
const here = { cwd: folder };
const HASH = 'c3'.repeat(64);
const MONITOR = 'd4'.repeat(64);

test('a new key signs a report that verifies under its public half alone', () => {
  const make = ['key', 'create', 'keystone', '-o', 'device.key'];
  const made = json([...make, '--public', 'device.pub'], 'key create keystone', here);
  assert.equal([statSync(at('device.key')).mode & 0o777, statSync(at('device.key')).size], [0o600, 64]);
  assert.is(refusal(make, here), '2 FILE_EXISTS device.key');
  for (const half of ['device.key', 'device.pub'])
    assert.is(motte(['key', 'digest', 'keystone', half], here).stdout, `${String(made['publicKey'])}\n`);
  writeFileSync(at('data'), 'a nonce');
  const sign = ['sign', 'keystone', '--key', 'device.key', '--monitor-hash', MONITOR, '--measurement', HASH];
  const signed = json([...sign, '--data', 'data', '-o', 'report'], 'sign keystone', here);
  const verify = ['verify', 'keystone', 'report', '--device-key'];
  const shown = json([...verify, 'device.pub'], 'verify keystone', here);
  for (const [name, value] of Object.entries(shown)) assert.is(signed[name], value, name);
  assert.is(shown['data'], Buffer.from('a nonce').toString('hex'));
  const derive = ['key', 'create', 'keystone-monitor', '--key', 'device.key', '--monitor-hash', MONITOR];
  const monitor = json([...derive, '-o', 'monitor.key'], 'key create keystone-monitor', here);
  assert.is(monitor['publicKey'], shown['monitor_key']);
  const report = readFileSync(at('report'));
  for (const { name, at: offset } of KEYSTONE_REPORT.fields) {
    writeFileSync(
      at('bad'),
      report.map((byte, i) => (i === offset ? byte ^ 1 : byte)),
    );
    const field = name.startsWith('monitor') ? 'monitor_signature' : 'enclave_signature';
    const args = ['verify', 'keystone', 'bad', '--device-key', 'device.pub'];
    // The device's key in a report is a claim that nobody reads.
    if (name === 'device_key') assert.is(motte(args, here).status, 0);
    else assert.is(refusal(args, here), `3 KEYSTONE_SIGNATURE ${field}`, name);
  }
});

test('keys, hashes and data of another form are refused', () => {
  writeFileSync(at('long'), new Uint8Array(1025));
  writeFileSync(at('short.key'), new Uint8Array(63));
  const key = ['--key', 'device.key'];
  const sign = ['sign', 'keystone', '--measurement', HASH, '-o', 'none'];
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['2 ED25519_INPUT secret key', [...sign, '--monitor-hash', MONITOR, '--key', 'short.key']],
    ['2 ED25519_INPUT secret key', [...sign, '--monitor-hash', MONITOR, '--key', 'device.pub']],
    ['2 KEYSTONE_INPUT data', [...sign, ...key, '--monitor-hash', MONITOR, '--data', 'long']],
    ['2 HEX_INVALID --monitor-hash', [...sign, ...key, '--monitor-hash', 'd4']],
    ['64 USAGE_VALUE --monitor-hash', [...sign, ...key]],
    ['64 USAGE_VALUE --monitor', [...sign, ...key, '--monitor-hash', MONITOR, '--monitor', 'long']],
    ['64 USAGE_VALUE --key', [...sign, '--monitor-hash', MONITOR]],
    ['2 ED25519_INPUT short.key', ['key', 'digest', 'keystone', 'short.key']],
    [
      '2 HEX_INVALID --identifier',
      ['key', 'create', 'keystone-sealing', '-o', 'none', ...key, '--measurement', HASH, '--identifier', 'x'],
    ],
  ];
  for (const [expected, args] of cases) assert.is(refusal(args, here), expected, args.join(' '));
  assert.throws(() => statSync(at('none')), /ENOENT/);
});

if (!haveVectors('keystone')) console.log(`skipped: Keystone of others: no vectors at ${VECTORS}`);
else {
  type Row = Record<string, string>;
  type Range = readonly [offset: number, length: number];
  const data = vectorJson('keystone', 'keystone.json') as {
    dev_secret_key_expanded: string;
    dev_public_key: string;
    sm_boot: (Row & { firmware: Range })[];
    sealing: Row[];
    reports: { file: string; fields: { enclave: Row; security_monitor: Row } }[];
  };
  const pool = vector('keystone', 'pool.bin');
  writeFileSync(at('v.key'), Buffer.from(data.dev_secret_key_expanded, 'hex'));

  test('monitor keys and sealing keys are those of the reference', () => {
    assert.ok(data.sm_boot.length >= 4 && data.sealing.length >= 4);
    for (const [
      i,
      { firmware, sm_hash: hash, sm_secret_key_expanded: secret, sm_public_key: key },
    ] of data.sm_boot.entries()) {
      writeFileSync(at('firmware'), pool.subarray(firmware[0], firmware[0] + firmware[1]));
      const by = i % 2 === 0 ? ['--monitor', 'firmware'] : ['--monitor-hash', String(hash)];
      const args = ['key', 'create', 'keystone-monitor', '--key', 'v.key', ...by, '-o', `monitor-${i}.key`];
      assert.is(json(args, 'key create keystone-monitor', here)['publicKey'], key);
      assert.is(readFileSync(at(`monitor-${i}.key`)).toString('hex'), secret);
    }
    for (const [i, row] of data.sealing.entries()) {
      writeFileSync(at('sm.key'), Buffer.from(String(row['sm_secret_key']), 'hex'));
      const which = ['--measurement', String(row['enclave_hash'])];
      if (row['key_ident'] !== '') which.push('--identifier', String(row['key_ident']));
      const args = ['key', 'create', 'keystone-sealing', '--key', 'sm.key', ...which, '-o', `sealing-${i}`];
      json(args, 'key create keystone-sealing', here);
      assert.is(readFileSync(at(`sealing-${i}`)).toString('hex'), row['key128']);
      assert.is(statSync(at(`sealing-${i}`)).mode & 0o777, 0o600);
    }
  });

  test('sign keystone makes the reference’s reports', () => {
    let made = 0;
    for (const { file, fields } of data.reports) {
      const { enclave, security_monitor: monitor } = fields;
      writeFileSync(at('v-data'), Buffer.from(String(enclave['data']), 'hex'));
      const hashes = ['--monitor-hash', String(monitor['hash']), '--measurement', String(enclave['hash'])];
      const args = ['sign', 'keystone', '--key', 'v.key', ...hashes, '--data', 'v-data', '-o', 'v-report'];
      json(args, 'sign keystone', here);
      sameBytes(readFileSync(at('v-report')), vector('keystone', ...file.split('/')));
      made++;
    }
    assert.ok(made >= 4);
  });
}

test.run();
