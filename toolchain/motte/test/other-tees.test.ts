// SPDX-License-Identifier: Apache-2.0
import { schemaFaults } from '@motte/test-helpers/json-schema';
import { haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { json, motte, PLACE, refusal, schema } from './motte.js';

type Row = Record<string, unknown>;
type Range = readonly [offset: number, length: number];

const HERE = join(PLACE, 'other-tees');
mkdirSync(HERE);

function put(name: string, bytes: Uint8Array | string): string {
  const path = join(HERE, name);
  writeFileSync(path, bytes);
  return path;
}

function part(pool: Uint8Array, [offset, length]: Range): Uint8Array {
  return pool.subarray(offset, offset + length);
}

/** The last step of a transcript, as a line. */
function lastStep(args: readonly string[], command: string): string {
  const { transcript } = json([...args, '--transcript'], command);
  const last = (transcript as { step: string; digest: string }[]).at(-1);
  return `${last?.digest}  ${last?.step}`;
}

if (!haveVectors('keystone') || !haveVectors('sanctum') || !haveVectors('pef-esm')) {
  console.log('skipped: keystone, sanctum and pef-esm: vectors are not on this machine (MOTTE_VECTORS)');
} else {
  test('measure keystone prints the enclave’s hash', () => {
    const pool = vector('keystone', 'pool.bin');
    const { enclave_measure: rows, v1_page_walk: old } = vectorJson('keystone', 'keystone.json') as {
      enclave_measure: { loader: Range; runtime: Range; eapp: Range; enclave_hash: string }[];
      v1_page_walk: { eapp: string; runtime: string; enclave_hash: string }[];
    };
    const row = rows.at(-1);
    const walk = old.at(-1);
    assert.ok(row && walk);
    const args = (['loader', 'runtime', 'eapp'] as const).flatMap((name) => [
      `--${name}`,
      put(name, part(pool, row[name])),
    ]);
    assert.is(motte(['measure', 'keystone', ...args]).stdout, `${row.enclave_hash}\n`);
    assert.is(json(['measure', 'keystone', ...args], 'measure keystone')['measurement'], row.enclave_hash);
    const told = motte(['measure', 'keystone', ...args, '--transcript']).stdout.split('\n');
    assert.is(told.length, 8, 'three sizes, three files, the digest');
    assert.match(told[0] ?? '', /^[0-9a-f]{128} {2}size loader [0-9]+$/u);
    assert.is(told[5]?.split(' ')[0], row.enclave_hash, 'the last step');
    assert.is(told[6], row.enclave_hash);
    const { transcript } = json(['measure', 'keystone', ...args, '--transcript'], 'measure keystone');
    assert.equal(
      (transcript as { step: string; digest: string }[]).map(({ step, digest }) => `${digest}  ${step}`),
      told.slice(0, 6),
    );
    const elf = (['runtime', 'eapp'] as const).flatMap((name) => [
      `--${name}`,
      put(`${name}.elf`, vector('keystone', walk[name])),
    ]);
    const found = json(['measure', 'keystone-v1', ...elf], 'measure keystone-v1');
    assert.is(found['measurement'], walk.enclave_hash);
    const walked = lastStep(['measure', 'keystone-v1', ...elf], 'measure keystone-v1');
    assert.match(walked, new RegExp(`^${walk.enclave_hash}  pages 0x[0-9a-f]+ [0-9]+$`, 'u'));
    assert.is(refusal(['measure', 'keystone', ...args.slice(2)]), '64 USAGE_VALUE --loader');
    assert.is(
      refusal(['measure', 'keystone-v1', ...args.slice(2)]).replace(/ .*/u, ''),
      '2',
      'files that are no ELF',
    );
  });

  test('measure sanctum follows a list of operations, which has a schema', () => {
    const pool = put('pool', vector('sanctum', 'pool.bin'));
    const all = vectorJson('sanctum', 'sanctum.json') as Record<'pwnall' | 'mit', { cases: Row[] }>;
    for (const flavour of ['pwnall', 'mit'] as const) {
      const one = all[flavour].cases[1];
      assert.ok(one);
      assert.equal(schemaFaults(schema('sanctum-operations'), one['ops']), []);
      const ops = put('ops.json', JSON.stringify(one['ops']));
      const args = ['measure', 'sanctum', '--flavour', flavour, '--ops', ops];
      const expected = one['measurement_sha256'] ?? one['measurement_sha512'];
      assert.is(json([...args, '--pool', pool], 'measure sanctum')['measurement'], expected);
      assert.is(motte([...args, '--pool', pool]).stdout, `${String(expected)}\n`);
      const final = flavour === 'mit' ? '(?!final$).*' : 'final';
      const told = lastStep([...args, '--pool', pool], 'measure sanctum');
      assert.match(told, new RegExp(`^${String(expected)}  ${final}$`, 'u'));
      if (flavour === 'mit') assert.is(refusal(args), '2 SANCTUM_OPERATION operations[1].data');
    }
  });

  test('verify keystone wants a key from elsewhere', () => {
    const { reports, dev_public_key: key } = vectorJson('keystone', 'keystone.json') as {
      reports: { file: string; enclave_hash: string; fields: { enclave: { data: string } } }[];
      dev_public_key: string;
    };
    const row = reports.at(-1);
    assert.ok(row);
    const report = put('report', vector('keystone', ...row.file.split('/')));
    const raw = put('device.key', Buffer.from(key, 'hex'));
    for (const device of [key, raw]) {
      const found = json(['verify', 'keystone', report, '--device-key', device], 'verify keystone');
      assert.is(found['enclave_hash'], row.enclave_hash);
      assert.is(found['data'], row.fields.enclave.data);
    }
    const other = `${key.slice(0, -2)}00`;
    const refused: [string, string[]][] = [
      ['64 USAGE_VALUE --device-key', [report]],
      ['3 KEYSTONE_SIGNATURE monitor_signature', [report, '--device-key', other]],
      ['2 KEYSTONE_REPORT report', [raw, '--device-key', key]],
      ['2 ED25519_INPUT public key', [report, '--device-key', report]],
    ];
    for (const [expected, args] of refused) assert.is(refusal(['verify', 'keystone', ...args]), expected);
  });

  const PEF = ['vmlinux', 'initrd.img', 'rsapubkey', 'tpm1.pub.pem', 'tpm2.pub.pem'] as const;
  const SECRETS = ['rsaprivkey', 'tpm1.priv.pem', 'tpm2.priv.pem'] as const;

  test('pef make, authorize, revoke and inspect', () => {
    const at = Object.fromEntries(
      [...PEF, ...SECRETS].map((name) => [name, put(name, vector('pef-esm', name))]),
    ) as Record<(typeof PEF)[number] | (typeof SECRETS)[number], string>;
    const { blobs } = vectorJson('pef-esm', 'esm.json') as {
      blobs: { bootargs: string; digests: Row; lockboxes: { fingerprint: string }[] }[];
    };
    const [first] = blobs;
    assert.ok(first);
    const boot = ['--kernel', at.vmlinux, '--initrd', at['initrd.img'], '--bootargs', first.bootargs];
    const { digests } = json(['measure', 'pef', ...boot], 'measure pef') as { digests: Row };
    for (const name of ['kernel', 'initrd', 'bootargs', 'rtas'])
      assert.is(digests[name], first.digests[name], name);
    const told = motte(['measure', 'pef', ...boot, '--transcript']).stdout.split('\n');
    assert.equal(told.length, 4 + 5 + 1, 'four parts, five lines of result');
    const bytes = new TextEncoder().encode(first.bootargs).length;
    assert.is(told[3], `${String(first.digests['bootargs'])}  bootargs ${bytes} bytes`);
    assert.is(lastStep(['measure', 'pef', ...boot], 'measure pef'), told[3]);
    const [blob, wider, narrower, initrd] = ['a.dtb', 'b.dtb', 'c.dtb', 'carried'].map((n) => join(HERE, n));
    assert.ok(blob && wider && narrower && initrd);
    const whom = ['--origin', at.rsapubkey, '--recipient', at['tpm1.pub.pem']];
    const made = json(['pef', 'make', ...boot, ...whom, '--carry', initrd, '-o', blob], 'pef make') as {
      lockboxes: { fingerprint: string }[];
    };
    assert.equal(
      made.lockboxes.map(({ fingerprint }) => fingerprint),
      first.lockboxes.map(({ fingerprint }) => fingerprint),
    );
    const unlock = ['--open-with', at['tpm1.priv.pem']];
    for (const file of [blob, initrd]) {
      const seen = json(['pef', 'inspect', file, ...unlock], 'pef inspect');
      assert.equal(seen['digests'], digests);
      assert.is(json(['pef', 'inspect', file], 'pef inspect')['digests'], null);
    }
    const second = ['--recipient', at['tpm2.pub.pem'], '-o'];
    const other = ['pef', 'inspect', wider, '--open-with', at['tpm2.priv.pem']];
    json(['pef', 'authorize', blob, ...unlock, ...second, wider], 'pef authorize');
    assert.equal(json(other, 'pef inspect')['digests'], digests);
    json(['pef', 'revoke', wider, ...second, narrower], 'pef revoke');
    assert.equal(readFileSync(narrower), readFileSync(blob));
    const refused: [string, string[]][] = [
      ['1 ESM_NO_LOCKBOX lockboxes', ['pef', 'inspect', blob, '--open-with', at['tpm2.priv.pem']]],
      ['1 ESM_RECIPIENT recipient', ['pef', 'authorize', wider, ...unlock, ...second, narrower]],
      ['1 ESM_RECIPIENT recipient', ['pef', 'revoke', blob, '--recipient', at.rsapubkey, '-o', narrower]],
      ['2 FDT magic', ['pef', 'inspect', at.vmlinux]],
      ['2 ESM_KEY key', ['pef', 'inspect', blob, '--open-with', at.rsapubkey]],
      ['64 USAGE_VALUE --output', ['pef', 'make', ...boot, ...whom]],
    ];
    for (const [expected, args] of refused) assert.is(refusal(args), expected, args.join(' '));
  });
}

test.run();
