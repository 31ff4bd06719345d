// SPDX-License-Identifier: Apache-2.0
// Files of nearly 4 GiB whose lengths lie: refused in a line, in memory that does not grow with any length.
import { TDVF_HEAD, TDVF_SECTION } from '@motte/plan/tdx/tdvf';
import { EADD_RECORD, ECREATE_RECORD, RECORD_TAGS } from '@motte/plan/sgx/records';
import { haveVectors, vector } from '@motte/test-helpers/vectors';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE, refusal } from './motte.js';

const HERE = join(PLACE, 'huge');
mkdirSync(HERE);
const SIZE = 2 ** 32 - 4096;
/** A command that does nothing takes some 50 MiB. */
const MOST_MIB = 200;

/** Loaded into the command by Node: leaves the most memory that it had, in KiB. */
const WATCH = join(HERE, 'watch.cjs');
const PEAK = join(HERE, 'peak');
writeFileSync(
  WATCH,
  `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(PEAK)}, String(process.resourceUsage().maxRSS)));`,
);

type Part = readonly [offset: number, bytes: Uint8Array];

/** A file with holes: only `parts` take space. */
function sparse(name: string, parts: readonly Part[], size: number = SIZE): string {
  const path = join(HERE, name);
  const fd = openSync(path, 'w');
  ftruncateSync(fd, size);
  for (const [offset, bytes] of parts) writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
  return path;
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const AT = 0x1000;
const pointer: Part = [SIZE - 0x20, Uint8Array.of(0, 0x10, 0, 0)];

function tdvf(name: string, count: number, length: number, section: Uint8Array): string {
  const head = TDVF_HEAD.write({ signature: 0x46564454, length, version: 1, count });
  return sparse(name, [[AT, head], [AT + TDVF_HEAD.size, section], pointer]);
}

const memory = TDVF_SECTION.write({ mem_size: 1n << 51n });
const raw = TDVF_SECTION.write({
  data_offset: AT,
  raw_size: 0xfffff000,
  mem_size: 0xfffff000n,
  attributes: 1,
});
const ecreate = ECREATE_RECORD.write({ tag: RECORD_TAGS.ECREATE, ssaframesize: 1, size: 1n << 36n });
const eadd = EADD_RECORD.write({ tag: RECORD_TAGS.EADD, flags: 0x203n });

const zeros = sparse('zeros', []);
const bracket = sparse('bracket', [[0, ascii('[')]]);
const SDK = ['measure', 'sgx', '--as', 'enclave'];

const GUEST = ['--vcpus', '1', '--vcpu-type', 'EPYC-v4', '--ovmf', zeros];

const CASES: (readonly [expected: string, args: readonly string[]])[] = [
  ['FIRMWARE_TABLE TDVF.signature', ['measure', 'tdx', '--tdvf', zeros]],
  ['FIRMWARE_TABLE TDVF section 0.mem_size', ['measure', 'tdx', '--tdvf', tdvf('memory', 1, 48, memory)]],
  ['FIRMWARE_TABLE TDVF section 0.data_offset', ['measure', 'tdx', '--tdvf', tdvf('raw', 1, 48, raw)]],
  ['FIRMWARE_TABLE TDVF.length', ['measure', 'tdx', '--tdvf', tdvf('count', 2 ** 32 - 1, 2 ** 32 - 1, raw)]],
  [`FILE_ACCESS ${bracket}`, ['measure', 'tdx', '--pages', bracket]],
  [`FILE_ACCESS ${zeros}`, ['measure', 'tdx-rtmr', '--event-log', zeros]],
  [`FILE_ACCESS ${bracket}`, ['measure', 'tdx-rtmr', '--event-log', bracket]],
  [
    `FILE_ACCESS ${zeros}`,
    ['measure', 'tdx-rtmr', '--event-log', bracket, '--as', 'ccel', '--acpi-table', zeros],
  ],
  [`FILE_ACCESS ${bracket}`, ['measure', 'sanctum', '--flavour', 'mit', '--ops', bracket]],
  [
    'SGXS_RECORD record',
    [
      'measure',
      'sgx',
      sparse('sgxs', [
        [0, ecreate],
        [64, eadd],
      ]),
    ],
  ],
  [`FILE_ACCESS ${sparse('plan', [[0, ascii('{')]])}`, ['measure', 'sgx', join(HERE, 'plan')]],
  [`FILE_KIND ${zeros}`, ['measure', 'sgx', zeros]],
  [`FILE_KIND ${zeros}`, ['plan', zeros]],
  [`SNP_INPUT ${zeros}`, ['measure', 'snp', ...GUEST]],
  [`SNP_INPUT ${zeros}`, ['measure', 'seves', ...GUEST]],
  [`SNP_INPUT ${zeros}`, ['measure', 'snp:svsm', ...GUEST, '--svsm', zeros, '--vars-size', '4096']],
  [`FILE_ACCESS ${bracket}`, ['measure', 'snp', '--pages', bracket]],
  ['ELF_MAGIC e_ident', ['measure', 'keystone-v1', '--runtime', zeros, '--eapp', zeros]],
  [`FILE_ACCESS ${zeros}`, ['verify', 'sigstruct', zeros]],
  [`FILE_ACCESS ${zeros}`, ['verify', 'snp-id', '--id-block', zeros, '--id-auth', zeros]],
  [`FILE_ACCESS ${zeros}`, ['verify', 'sev-chain', '--chain', zeros]],
  [`IMAGE_TAR ${zeros}`, ['verify', 'image', zeros]],
  [`FILE_ACCESS ${zeros}`, ['pef', 'inspect', zeros]],
  [`FILE_ACCESS ${zeros}`, ['key', 'digest', 'sgx', zeros]],
];

function refused(expected: string, args: readonly string[]): void {
  const found = refusal(args, { env: { NODE_OPTIONS: `--require=${WATCH}` } });
  assert.is(found, `2 ${expected}`, args.join(' '));
  const mib = Number(readFileSync(PEAK, 'utf8')) >> 10;
  assert.ok(mib > 20 && mib < MOST_MIB, `${args.join(' ')}: ${mib} MiB`);
}

for (const [expected, args] of CASES) {
  test(`${args.slice(0, 2).join(' ')}: ${expected.replace(HERE, '')}`, () => refused(expected, args));
}

if (haveVectors('sgx-intel-signer')) {
  const enclave = vector('sgx-intel-signer', 'x_elrange.signed.so.gz');
  const magic = Buffer.from(enclave).indexOf(Buffer.from('4c0e5d639402a886', 'hex'));
  const view = new DataView(enclave.buffer, enclave.byteOffset);
  const layoutAt = magic + view.getUint32(magic + 1872 + 8, true);
  test('measure sgx: lengths of an SDK enclave', () => {
    const cases: readonly (readonly [string, number])[] = [
      ['SDK_METADATA METADATA.size', magic + 16],
      ['SDK_METADATA LAYOUT_ENTRY directory', magic + 1872 + 12],
      ['SDK_METADATA PATCH directory', magic + 1872 + 4],
      ['PLAN_INVALID runs[7].address', layoutAt + 4],
    ];
    for (const [expected, offset] of cases) {
      const path = sparse('enclave', [
        [0, enclave],
        [offset, Uint8Array.of(0xe0, 0xff, 0xff, 0xff)],
      ]);
      refused(expected, [...SDK, path]);
    }
  });
} else {
  console.log('skipped: lengths of an SDK enclave: no vectors');
}

test.run();
