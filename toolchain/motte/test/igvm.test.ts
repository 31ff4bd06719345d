// SPDX-License-Identifier: Apache-2.0
// IGVM files through the command: of a Keep, of others, signed, broken.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesSource } from '@motte/binary/source';
import { buildElf } from '@motte/elf/build';
import { PF } from '@motte/elf/constants';
import { header } from '@motte/igvm/headers';
import { writeIgvm } from '@motte/igvm/write';
import { VMSA_GPA } from '@motte/plan/snp/plan';
import { VMSA } from '@motte/plan/snp/vmsa';
import { PLACE, json, motte, refusal } from './motte.js';

const folder = join(PLACE, 'igvm');
mkdirSync(folder);
const at = (name: string): string => join(folder, name);
const here = { cwd: folder };

const code = Uint8Array.from({ length: 0x2345 }, (_, i) => (i * 13) & 0xff);
writeFileSync(
  at('app'),
  buildElf({
    entry: 0x1000n,
    loads: [
      { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: code },
      { vaddr: 0x5000n, flags: PF.R | PF.W, bytes: code.subarray(0, 99), memsz: 0x3000 },
    ],
  }),
);
writeFileSync(at('Keep.toml'), 'threads = 3\n');

const EXPORT = ['export', 'igvm', 'app', '--config', 'Keep.toml', '-o', 'keep.igvm'];
const digestOf = (args: readonly string[]): string => motte(['measure', 'snp', ...args], here).stdout.trim();

test('a Keep’s file has the Keep’s digest under the loader that launches zeros as the Keep does, and says whose it is', () => {
  const exported = json(EXPORT, 'export igvm', here);
  const measurements = exported['measurements'] as Record<string, string>;
  const keep = json(['measure', 'snp', 'app', '--config', 'Keep.toml'], 'measure snp', here);
  assert.is(measurements['native-zero'], keep['measurement']);
  const { blob } = keep['config'] as { blob: string };
  assert.is(exported['hostData'], createHash('sha256').update(Buffer.from(blob, 'hex')).digest('hex'));
  assert.is(exported['bytes'], readFileSync(at('keep.igvm')).length);
  for (const [name, digest] of Object.entries(measurements)) {
    const shown = json(['measure', 'snp', 'keep.igvm', '--vmm-type', name], 'measure snp', here);
    assert.equal([shown['kind'], shown['profile'], shown['measurement']], ['igvm', name, digest]);
    assert.equal([shown['vcpus'], shown['policy'], shown['idBlock']], [3, '0x30000', null]);
  }
  const { stdout, stderr, status } = motte(['measure', 'snp', 'keep.igvm'], here);
  assert.equal([status, stdout], [0, `${measurements['QEMU']}\n`]);
  assert.match(stderr, /^motte: as QEMU launches it; other loaders/);
});

test('a signed image’s program is measured and exported as the program with its Keep.toml is', () => {
  const built = motte(['build', 'app', '--config', 'Keep.toml', '-o', 'app.keep'], here);
  assert.is(built.status, 0, built.stderr);
  for (const tee of ['snp', 'kvm']) {
    const image = json(['measure', tee, 'app.keep'], `measure ${tee}`, here);
    const program = json(['measure', tee, 'app', '--config', 'Keep.toml'], `measure ${tee}`, here);
    assert.is(image['measurement'], program['measurement'], tee);
    assert.equal([image['kind'], image['profile']], ['image', `keep-${tee}`]);
  }
  json(['export', 'igvm', 'app.keep', '-o', 'image.igvm'], 'export igvm', here);
  assert.equal(readFileSync(at('image.igvm')), readFileSync(at('keep.igvm')));
});

test('two exports are the same bytes, and nothing else is left in the folder', () => {
  const first = readFileSync(at('keep.igvm'));
  const before = readdirSync(folder);
  assert.is(motte(EXPORT, here).status, 0);
  assert.equal(readFileSync(at('keep.igvm')), first);
  assert.equal(readdirSync(folder), before);
});

test('an ID block holds under one loader, and both ways of signing make the same file', () => {
  for (const name of ['id', 'author']) motte(['key', 'create', 'snp', '-o', `${name}.pem`], here);
  const keys = ['--key', 'id.pem', '--author-key', 'author.pem', '--guest-svn', '2', '--policy', '0xb0000'];
  const to = (name: string): string[] => [...EXPORT.slice(0, -1), name, '--vmm-type', 'native-zero'];
  const signed = json([...to('signed.igvm'), ...keys], 'export igvm', here);
  assert.equal([signed['idBlock'], signed['policy']], ['native-zero', '0xb0000']);
  const good = json(['measure', 'snp', 'signed.igvm', '--vmm-type', 'native-zero'], 'measure snp', here);
  const block = good['idBlock'] as Record<string, unknown>;
  assert.equal([block['failed'], block['guestSvn'], block['policy']], [null, 2, '0xb0000']);
  assert.is(block['measurement'], good['measurement']);
  const keyDigest = json(['key', 'digest', 'snp', 'id.pem'], 'key digest snp', here)['keyDigest'];
  assert.is(block['idKeyDigest'], keyDigest);
  // Another loader comes to another digest, and its firmware would say so.
  const other = motte(['measure', 'snp', 'signed.igvm'], here);
  assert.equal(
    [other.status, other.stdout.trim()],
    [1, (signed['measurements'] as Record<string, string>)['QEMU']],
  );
  assert.match(other.stderr, /firmware would refuse the ID block of the file: measurement/);
  const measured = ['--measurement', String(good['measurement'])];
  const files = ['--id-block', 'block', '--id-auth', 'auth'];
  json(['sign', 'snp', ...measured, ...keys, ...files], 'sign snp', here);
  json([...to('again.igvm'), ...files], 'export igvm', here);
  assert.equal(readFileSync(at('again.igvm')), readFileSync(at('signed.igvm')));
  const rows: readonly (readonly [readonly string[], string])[] = [
    [[...EXPORT, ...files], '1 SNP_ID_OTHER ld'],
    [[...to('x'), ...files, '--key', 'id.pem'], '64 USAGE_VALUE --key'],
    [[...to('x'), '--guest-svn', '1'], '64 USAGE_VALUE --guest-svn'],
    [[...EXPORT.slice(0, -1), '-'], '64 USAGE_VALUE --output'],
    [[...EXPORT, '--vmm-type', 'ec2'], '64 USAGE_VALUE --vmm-type'],
    [[...EXPORT.slice(0, -1), 'no/such/folder'], '2 OUTPUT_FAILED no/such/folder'],
  ];
  for (const [args, expected] of rows) assert.is(refusal(args, here), expected, args.join(' '));
});

test('a file of others: its vCPUs, and those that QEMU adds', () => {
  const vmsa = VMSA.write({ rip: 0x1000n, sev_features: 1n });
  const file = {
    version: 1,
    architecture: 'x64',
    headers: [
      header('SUPPORTED_PLATFORM', { compatibility_mask: 1, platform_type: 2, platform_version: 1 }),
      header('PAGE_DATA', { gpa: 0x1000n, compatibility_mask: 1 }, bytesSource(new Uint8Array(4096).fill(7))),
      header('VP_CONTEXT', { gpa: VMSA_GPA, compatibility_mask: 1 }, bytesSource(vmsa)),
    ],
  } as const;
  writeFileSync(at('other.igvm'), Buffer.concat([...writeIgvm(file)]));
  const shown = json(['measure', 'snp', 'other.igvm', '--vcpus', '2'], 'measure snp', here);
  assert.equal([shown['vcpus'], shown['policy']], [2, null]);
  const lines = motte(['measure', 'snp', 'other.igvm', '--vcpus', '2', '--transcript'], here).stdout;
  assert.equal(
    lines
      .trim()
      .split('\n')
      .map((line) => line.slice(98)),
    ['NORMAL 0x1000', 'VMSA 0xfffffffff000', 'VMSA 0xfffffffff000', ''],
  );
  assert.is.not(digestOf(['other.igvm']), shown['measurement']);
  assert.is(digestOf(['other.igvm', '--as', 'igvm', '--vcpus', '2']), shown['measurement']);
  const rows: readonly (readonly [readonly string[], string])[] = [
    [['other.igvm', '--config', 'Keep.toml'], '64 USAGE_VALUE --config'],
    [['other.igvm', '--ovmf', 'x'], '64 USAGE_VALUE --ovmf'],
    [['other.igvm', '--vmm-type', 'xen'], '64 USAGE_VALUE --vmm-type'],
    [['other.igvm', '--vcpus', '0'], '2 SNP_INPUT vcpus'],
    [['app', '--as', 'igvm'], '2 IGVM_FORMAT magic'],
  ];
  for (const [args, expected] of rows) assert.is(refusal(['measure', 'snp', ...args], here), expected);
});

test('a damaged file is refused', () => {
  const bytes = readFileSync(at('keep.igvm'));
  bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
  writeFileSync(at('bad.igvm'), bytes);
  assert.is(refusal(['measure', 'snp', 'bad.igvm'], here), '2 IGVM_CHECKSUM checksum');
  writeFileSync(at('bad.igvm'), bytes.subarray(0, 50));
  assert.is(refusal(['measure', 'snp', 'bad.igvm'], here), '2 IGVM_FORMAT total_file_size');
});

test.run();
