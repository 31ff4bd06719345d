// SPDX-License-Identifier: Apache-2.0
// Every reader of this package against damaged input. Longer: npm run fuzz 600 packages/plan.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesSource } from '@motte/binary/source';
import { readElf } from '@motte/elf/read';
import { readFooterTable } from '@motte/plan/firmware/footer-table';
import { readSevFirmware } from '@motte/plan/firmware/sev-metadata';
import { readPlan } from '@motte/plan/ndjson/read';
import { writePlan } from '@motte/plan/ndjson/write';
import type { PagePlan } from '@motte/plan/plan';
import { readSdkMetadata } from '@motte/plan/sgx/sdk/metadata';
import { sdkPlan } from '@motte/plan/sgx/sdk';
import { secsRun } from '@motte/plan/sgx/secs';
import { readSgxs } from '@motte/plan/sgx/sgxs';
import { NO_BYTES } from '@motte/plan/sources';
import { tdvfPlan } from '@motte/plan/tdx/plan';
import { sameBytes } from '@motte/test-helpers/bytes';
import { fuzzParser } from '@motte/test-helpers/parser-fuzz';
import { FIRMWARE, TDVF_IMAGE, TDVF_TABLE_IMAGE } from './firmware-samples.js';
import { naiveStream, sampleExec, sha256 } from './samples.js';
import { elrangeRecord, entryRow, groupRow, patchRow, sdkFile } from './sdk-samples.js';

const SIZE = 0x40000n;
const READ = { read: true, write: false, execute: false };

/** A few pages of each sort. */
const SMALL: PagePlan = {
  tee: 'sgx',
  size: SIZE,
  runs: [
    secsRun({ size: SIZE, ssaFrameSize: 1 }),
    {
      address: 0n,
      pages: 1,
      kind: 'reg',
      permissions: READ,
      measured: true,
      bytes: bytesSource(Uint8Array.of(1, 2, 3)),
      source: { file: 'keep', section: 'data', offset: 0, inline: true },
    },
    {
      address: 0x1000n,
      pages: 1,
      kind: 'tcs',
      permissions: { read: false, write: false, execute: false },
      measured: true,
      bytes: NO_BYTES,
      source: { file: 'keep', section: 'tcs', offset: 0 },
    },
    {
      address: 0x10000n,
      pages: 3,
      kind: 'reg',
      permissions: { ...READ, write: true },
      measured: false,
      bytes: NO_BYTES,
      source: { file: 'keep', section: 'heap', offset: 0 },
    },
  ],
};

/** What is wrong with the Keep as such, or with pages that no file has. */
const WHOLE = /^PLAN_(?:INVALID runs|TOO_LARGE)/u;

test('.sgxs', () => {
  fuzzParser({
    name: 'sgxs',
    seeds: [naiveStream(SMALL)],
    sparse: 'head',
    offsetless: WHOLE,
    parse: ({ source }) => readSgxs(source, { file: 'x.sgxs' }),
    holds: (plan, input) => sameBytes(naiveStream(plan), input, 'what was read and written again'),
  });
});

const ENCLAVES = [
  sdkFile({
    rows: [entryRow({ rva: 0x10000n, content_size: 3, content_offset: 0x800 }), groupRow(1, 2, 0x2000n)],
  }),
  sdkFile({ version: [1, 3], patches: [patchRow(0x18n, 8)] }),
  sdkFile({ version: [12, 1], elrange: elrangeRecord(0x100000n, 0x80000n, 0x200000n) }),
];

test('metadata and layout tables of the SDK', () => {
  fuzzParser({
    name: 'sgx-sdk',
    seeds: ENCLAVES,
    offsetless: WHOLE,
    parse: ({ source }) => {
      const elf = readElf(source);
      const [metadata] = readSdkMetadata(elf);
      assert.ok(metadata !== undefined);
      return sdkPlan(elf, metadata, 'enclave.so');
    },
  });
});

const { bytes: EXEC } = sampleExec();
const text = (plan: PagePlan): string => [...writePlan(plan, sha256)].map((line) => `${line}\n`).join('');

function readText(bytes: Uint8Array): PagePlan {
  const lines = new TextDecoder().decode(bytes).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return readPlan(lines, () => bytesSource(EXEC), sha256);
}

test('written plans', () => {
  fuzzParser({
    name: 'plan-ndjson',
    // Most damage to a text is no JSON any more.
    runs: 1500,
    seeds: [new TextEncoder().encode(text(SMALL))],
    offsetless: /^PLAN_/u,
    parse: ({ bytes }) => readText(bytes),
    // White space and the order of members are JSON's to leave open, so that the first input may be another.
    holds: (plan) => {
      const written = text(plan);
      assert.is(text(readText(new TextEncoder().encode(written))), written);
    },
  });
});

test('footer tables and what firmware says for SEV', () => {
  fuzzParser({
    name: 'sev-firmware',
    seeds: [FIRMWARE],
    sparse: 'tail',
    parse: ({ source }) => [readFooterTable(source), readSevFirmware(source)],
  });
});

test('TDVF descriptors', () => {
  fuzzParser({
    name: 'tdvf',
    seeds: [TDVF_IMAGE, TDVF_TABLE_IMAGE],
    sparse: 'tail',
    parse: ({ source }) => tdvfPlan(source, 'td.fd'),
  });
});

test.run();
