// SPDX-License-Identifier: Apache-2.0
// Every reader of this package against damaged input. Longer: npm run fuzz 600 packages/measure.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { buildElf } from '@motte/elf/build';
import { EM, ET, PF, PT, SHF, SHT } from '@motte/elf/constants';
import { measureKeystoneV1 } from '@motte/measure/keystone-v1';
import { carriedBlob, carryBlob, readCpio } from '@motte/measure/pef/cpio';
import { pefDigests, readDigests, writeDigests } from '@motte/measure/pef/digests';
import { readFdt } from '@motte/measure/pef/fdt-read';
import { writeFdt } from '@motte/measure/pef/fdt-write';
import { flatKernel } from '@motte/measure/pef/kernel';
import { measureSanctum } from '@motte/measure/sanctum';
import { readSanctumOperations } from '@motte/measure/sanctum/operations';
import { readTdReport, TD_REPORT } from '@motte/measure/td-report';
import { readCcelLog } from '@motte/measure/tdx-event-log';
import { replayRtmrs } from '@motte/measure/tdx-rtmr';
import { sameBytes } from '@motte/test-helpers/bytes';
import { fuzzParser } from '@motte/test-helpers/parser-fuzz';
import { CCEL_LOG, concat } from './samples.js';

test('CCEL event logs', () => {
  fuzzParser({
    name: 'ccel',
    seeds: [CCEL_LOG, concat(CCEL_LOG, new Uint8Array(40).fill(0xff))],
    parse: ({ bytes }) => {
      const { events, usedBytes } = readCcelLog(bytes);
      assert.ok(usedBytes <= bytes.length);
      return replayRtmrs(events);
    },
  });
});

test('TD reports in quotes', () => {
  const body = Uint8Array.from({ length: TD_REPORT.size }, (_, i) => i & 0xff);
  fuzzParser({
    name: 'td-report',
    seeds: [
      concat(Uint8Array.of(4, 0), new Uint8Array(46), body),
      concat(Uint8Array.of(5, 0), new Uint8Array(46), Uint8Array.of(2, 0, 0x48, 2, 0, 0), body),
    ],
    parse: ({ bytes }) => readTdReport(bytes),
  });
});

/** A RISC-V program as Keystone's SDK wants it: headers in no segment. */
function program(vaddr: bigint): Uint8Array {
  const built = buildElf({
    entry: vaddr,
    loads: [{ vaddr, flags: PF.R | PF.X, bytes: Uint8Array.of(1, 2, 3), memsz: 5000 }],
    type: ET.EXEC,
    machine: EM.RISCV,
  });
  new DataView(built.buffer, built.byteOffset).setUint32(64, PT.NULL, true);
  return built;
}

test('programs of Keystone 2022', () => {
  const runtime = program(0xffffffffc0000000n);
  fuzzParser({
    name: 'keystone-v1',
    seeds: [program(0x10000n)],
    offsetless: /^KEYSTONE_FILE (?:pages|addresses)$/u,
    // Measuring is part of what a length in the file can make endless.
    parse: ({ source }) => toHex(measureKeystoneV1({ runtime, eapp: source })),
    runs: 150,
  });
});

const OPERATIONS = [
  { op: 'enclave_create', ev_base: 0, ev_mask: '0xffffffffc0000000', num_mailboxes: 1, debug: 0 },
  { op: 'load_handler', data: 'ab' },
  { op: 'load_page_table', va: '0x1000', level: 1, acl: 3 },
  { op: 'thread_load', entry_pc: 4096, entry_sp: '8192', timer_limit: 0 },
];

test('lists of Sanctum operations', () => {
  fuzzParser({
    name: 'sanctum-operations',
    seeds: [new TextEncoder().encode(JSON.stringify(OPERATIONS))],
    offsetless: /^SANCTUM_OPERATION/u,
    parse: ({ bytes }) => {
      let json: unknown;
      try {
        json = JSON.parse(new TextDecoder().decode(bytes));
      } catch {
        // The command says that; what it parses is what is looked at here.
        json = undefined;
      }
      const operations = readSanctumOperations('mit', json, () => Uint8Array.of(1));
      return toHex(measureSanctum('mit', operations));
    },
    runs: 1000,
  });
});

const TREE = writeFdt({
  root: {
    name: '',
    properties: [{ name: 'a', value: Uint8Array.of(1, 2, 3) }],
    nodes: [{ name: 'one@1', properties: [{ name: 'b', value: new Uint8Array(0) }], nodes: [] }],
  },
  strings: [],
});

test('flattened device trees', () => {
  fuzzParser({
    name: 'fdt',
    seeds: [TREE],
    parse: ({ bytes }) => readFdt(bytes),
    // Padding of properties may be anything and names may share their strings, so that the first input may be another.
    holds: (tree) => {
      const written = writeFdt(tree);
      sameBytes(writeFdt(readFdt(written)), written, 'what was read and written again');
    },
  });
});

test('the digests that an ESM blob seals', () => {
  const boot = { kernel: Uint8Array.of(1), initrd: Uint8Array.of(2), bootargs: 'a' };
  fuzzParser({
    name: 'esm-digests',
    seeds: [writeDigests(pefDigests(boot))],
    // A member of a tree has a path.
    offsetless: /^ESM_DIGESTS/u,
    parse: ({ bytes }) => readDigests(bytes),
    holds: (digests) => assert.equal(readDigests(writeDigests(digests)), digests),
  });
});

test('initrds that carry a blob', () => {
  fuzzParser({
    name: 'cpio',
    seeds: [carryBlob(Uint8Array.of(1, 2, 3), Uint8Array.of(4), 'x.dtb')],
    parse: ({ bytes }) => [readCpio(bytes), carriedBlob(bytes)] as const,
    holds: ([{ end }, { blob }], input) => assert.ok(end <= input.length && blob.length <= input.length),
  });
});

test('kernels of PEF', () => {
  const section = { name: '.text', type: SHT.PROGBITS, flags: SHF.ALLOC, addr: 0x10004n, size: 4 };
  const load = { vaddr: 0x10000n, flags: PF.R, bytes: Uint8Array.from({ length: 64 }, (_, i) => i) };
  fuzzParser({
    name: 'pef-kernel',
    seeds: [
      buildElf({
        entry: 0n,
        loads: [load],
        sections: [section, { ...section, name: '.data', addr: 0x10020n }],
        type: ET.EXEC,
        machine: EM.PPC64,
      }),
    ],
    parse: ({ source }) => {
      const flat = flatKernel(source);
      flat.read(0, new Uint8Array(Math.min(flat.size, 1 << 16)));
    },
  });
});

test.run();
