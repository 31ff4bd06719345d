// SPDX-License-Identifier: Apache-2.0
// What the page says of a file, without a browser: vectors, bad input, reading by slices.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
import { toHex } from '@motte/binary/hex';
import { newSha256 } from '@motte/measure/hash';
import { writePlan } from '@motte/plan/ndjson/write';
import { rawSgxPlan } from '@motte/plan/sgx/raw';
import { readSgxs } from '@motte/plan/sgx/sgxs';
import { haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { DEFAULTS } from '../src/core/job.js';
import type { NamedFile, Settings } from '../src/core/job.js';
import { measureImage } from '../src/core/measure.js';
import { Meter } from '../src/core/meter.js';
import type { Progress } from '../src/core/meter.js';
import type { Part } from '../src/core/report.js';
import { windowSource } from '../src/core/window-source.js';
import { bytesOf, launchCases, sgxCases, tdxCases } from './jobs.js';
import type { Case } from './jobs.js';

function named(name: string, bytes: Uint8Array): NamedFile {
  return { name, source: bytesSource(bytes) };
}

function partsOf(
  image: NamedFile,
  settings: Partial<Settings> = {},
  more: { kernel?: NamedFile; initrd?: NamedFile; svsm?: NamedFile; beside?: readonly NamedFile[] } = {},
  tell: (progress: Progress) => void = () => {},
): Part[] {
  const job = { image, beside: [], ...more, settings: { ...DEFAULTS, ...settings }, meter: new Meter(tell) };
  return [...measureImage(job)];
}

/** The smallest ELF file that is read: a header for x86-64 and nothing else. */
function smallElf(): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, 3, true);
  view.setUint16(18, 62, true);
  view.setUint32(20, 1, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(58, 64, true);
  return bytes;
}

function partsOfCase(one: Case): Part[] {
  const { image, ...more } = one.given;
  const files = Object.entries(more).map(([role, name]) => [role, named(name, bytesOf(one, name))] as const);
  return partsOf(named(image, bytesOf(one, image)), one.settings, Object.fromEntries(files));
}

function checkCase(one: Case): void {
  const parts = partsOfCase(one);
  const part = parts.find(({ title }) => title === one.title);
  if (one.digest === undefined) {
    assert.ok(
      parts.some(({ failure }) => failure !== undefined),
      `${one.id}: accepted`,
    );
    assert.is(part?.digests, undefined, one.id);
    return;
  }
  const why = parts.map(({ failure }) => failure?.message ?? '').join(' ');
  assert.is(part?.digests?.[one.index]?.hex, one.digest, `${one.id} ${why}`);
}

for (const [folder, cases, count] of [
  ['snp-launch-ovmf', launchCases, 259],
  ['tdx-mrtd', tdxCases, 21],
  ['sgxs-streams', sgxCases, 26],
] as const)
  if (haveVectors(folder))
    test(`vectors: ${folder}`, () => {
      const all = cases();
      all.forEach(checkCase);
      assert.is(all.length, count);
    });
  else console.log(`skipped: ${folder}: no vectors`);

if (haveVectors('sgx-sigstruct'))
  test('a malformed SIGSTRUCT is refused, and each check is told', () => {
    const { malformed } = vectorJson('sgx-sigstruct', 'meta.json') as { malformed: { file: string }[] };
    for (const { file } of malformed) {
      const [part] = partsOf(named(file, vector('sgx-sigstruct', file)), { as: 'sigstruct' });
      assert.ok(part?.failure, file);
    }
    assert.ok(malformed.length >= 10);
  });

if (haveVectors('sgx-enarx'))
  test('a raw image is measured when it is said to be one', () => {
    const image = named('encl.bin', vector('sgx-enarx', 'encl.bin'));
    const signed = partsOf(named('encl.ss', vector('sgx-enarx', 'encl.ss')));
    const [raw] = partsOf(image, { as: 'raw' });
    assert.is(raw?.digests?.[0]?.hex, signed[0]?.digests?.[0]?.hex);
    assert.is(raw?.rows?.count, 3);
    assert.equal(raw?.rows?.row(1), {
      address: '0x0',
      pages: 1,
      kind: 'TCS',
      permissions: '---',
      measured: true,
      source: 'encl.bin tcs',
    });
    const [unknown] = partsOf(image);
    assert.is(unknown?.failure?.code, 'FILE_KIND');
  });

if (haveVectors('sgxs-streams'))
  test('a written plan finds its files among those that came with it', () => {
    const bytes = vector('sgx-enarx', 'encl.bin');
    const plan = rawSgxPlan(bytesSource(bytes), { file: 'some/where/encl.bin' });
    const text = [...writePlan(plan, newSha256)].map((line) => `${line}\n`).join('');
    const written = named('plan.ndjson', new TextEncoder().encode(text));
    const [alone] = partsOf(written);
    assert.is(alone?.failure?.code, 'FILE_ACCESS');
    assert.equal(alone?.failure?.facts, [{ name: 'field', value: 'some/where/encl.bin' }]);
    const [both] = partsOf(written, {}, { beside: [named('encl.bin', bytes)] });
    const [raw] = partsOf(named('encl.bin', bytes), { as: 'raw' });
    assert.is(both?.digests?.[0]?.hex, raw?.digests?.[0]?.hex);
    const changed = new Uint8Array(bytes);
    changed[4096] = (changed[4096] ?? 0) ^ 1;
    const [other] = partsOf(written, {}, { beside: [named('encl.bin', changed)] });
    assert.is(other?.failure?.code, 'PLAN_SOURCE_CHANGED');
  });

test('what is typed is checked, and the message names the field', () => {
  const rows = [
    { settings: { vcpus: '0' }, field: 'vcpus' },
    { settings: { vcpus: 'many' }, field: 'vCPUs' },
    { settings: { features: '0x' }, field: 'guest features' },
    { settings: { vcpuType: 'EPYC-Nonsuch' }, field: 'vCPU type' },
    { settings: { vmm: 'bochs' }, field: 'VMM' },
    { settings: { cmdline: 'quiet' }, field: 'kernel' },
  ];
  const image = named('syn8k.fd', vector('snp-launch-ovmf', 'syn8k.fd'));
  for (const { settings, field } of haveVectors('snp-launch-ovmf') ? rows : []) {
    const failure = partsOf(image, settings).find((part) => part.failure !== undefined)?.failure;
    assert.is(failure?.code, 'SNP_INPUT', field);
    assert.is(failure?.facts.find(({ name }) => name === 'field')?.value, field);
  }
});

test('no file is too odd: what it is not is said', () => {
  const rows: readonly (readonly [bytes: Uint8Array, code: string])[] = [
    [new Uint8Array(0), 'FILE_KIND'],
    [new Uint8Array(4096), 'FILE_KIND'],
    [new TextEncoder().encode('\x7fELF'), 'ELF_TRUNCATED'],
    [new TextEncoder().encode('ECREATE\0'), 'SGXS_RECORD'],
    [new TextEncoder().encode('{'), 'PLAN_LINE'],
    [new Uint8Array(1808), 'SIGSTRUCT_HEADER'],
  ];
  for (const [bytes, code] of rows) {
    const parts = partsOf(named('odd', bytes));
    assert.is(parts.find((part) => part.failure !== undefined)?.failure?.code, code);
  }
});

test('a program is told what its digest depends on', () => {
  const [part] = partsOf(named('node', smallElf()));
  assert.match(part?.notes?.[0] ?? '', /motte measure sgx/u);
});

test('a window reads what the file has, a slice at a time, and never twice what is near', () => {
  const file = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 255);
  const asked: [number, number][] = [];
  const source = windowSource(
    file.length,
    (from, to) => {
      asked.push([from, to]);
      return file.slice(from, to);
    },
    64,
  );
  for (const [offset, length] of [
    [0, 1],
    [10, 20],
    [60, 8],
    [100, 300],
    [990, 10],
    [1000, 0],
  ] as const) {
    const into = new Uint8Array(length);
    source.read(offset, into);
    assert.is(toHex(into), toHex(file.subarray(offset, offset + length)));
  }
  assert.equal(asked.slice(0, 2), [
    [0, 64],
    [64, 128],
  ]);
  assert.ok(asked.every(([from, to]) => to - from <= 64));
  assert.throws(
    () => source.read(999, new Uint8Array(2)),
    (error: unknown) => error instanceof MotteError && error.code === 'STRUCT_TRUNCATED',
  );
});

test('a file that shrinks while it is read is an error and no endless loop', () => {
  const source = windowSource(1000, (from, to) => new Uint8Array(Math.max(0, Math.min(to, 500) - from)), 64);
  assert.throws(
    () => source.read(490, new Uint8Array(20)),
    (error: unknown) => error instanceof MotteError && error.code === 'FILE_ACCESS',
  );
});

test('progress grows, ends, and is told some hundred times at most', () => {
  const image = named('big.bin', new Uint8Array(16 * 1024 * 1024));
  const told: Progress[] = [];
  partsOf(image, { as: 'raw' }, {}, (progress) => told.push(progress));
  const steps = [...new Set(told.map(({ step }) => step))];
  assert.equal(steps, ['MRENCLAVE', 'SHA-256 of the file']);
  for (const step of steps) {
    const done = told.filter((one) => one.step === step).map((one) => one.done / one.total);
    assert.ok(done.length > 50 && done.length < 250, String(done.length));
    assert.ok(done.every((value, i) => value >= (done[i - 1] ?? 0)));
    assert.ok((done.at(-1) ?? 0) > 0.98 && (done.at(-1) ?? 2) <= 1);
  }
});

if (haveVectors('sgxs-streams'))
  test('the table of a stream has the runs of its plan', () => {
    const bytes = vector('sgxs-streams', 'test_enclave.sgxs');
    const plan = readSgxs(bytesSource(bytes), { file: 'test_enclave.sgxs' });
    const [part] = partsOf(named('test_enclave.sgxs', bytes));
    assert.is(part?.rows?.count, plan.runs.length);
    assert.equal(
      plan.runs.map((_, i) => part?.rows?.row(i).pages),
      plan.runs.map(({ pages }) => pages),
    );
    assert.throws(() => part?.rows?.row(plan.runs.length));
  });

test.run();
