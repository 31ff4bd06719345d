// SPDX-License-Identifier: Apache-2.0
// A plan that contradicts itself, and a launch that is not the planned one (SECURITY.md, rules 2 and 5).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tempFolder } from '@motte/test-helpers/temp';
import { SHIM } from './support/probe.js';

const KEEP_INFO = 'refused 7';
const ATTRIBUTES = 'refused 8';
const ALL = 0xffff_ffff_ffff_ffffn;

const ROWS: readonly [field: string, value: number | bigint, expected: string][] = [
  ['nothing', 0, 'good'],
  ['magic', 0, KEEP_INFO],
  ['version', 2, KEEP_INFO],
  ['flags', 0, KEEP_INFO], // an SGX1 plan with an SGX2 shim
  ['flags', 3, KEEP_INFO],
  ['elrange_size', 0, KEEP_INFO],
  ['elrange_size', 0x18000000, KEEP_INFO],
  ['elrange_size', 0x20000000, KEEP_INFO], // the base is no multiple of it
  ['elrange_size', 0x4000000, KEEP_INFO], // the heap ends after it
  ['thread_start', 0x11000, KEEP_INFO], // where KEEP_INFO is
  ['thread_start', 0x13800, KEEP_INFO],
  ['thread_count', 0, KEEP_INFO],
  ['thread_count', 22, KEEP_INFO],
  ['thread_count', ALL / 0x18000n + 1n, KEEP_INFO],
  ['thread_count', ALL, KEEP_INFO],
  ['exec_start', 0x201000, KEEP_INFO],
  ['exec_end', 0x200000, KEEP_INFO],
  ['exec_end', 0x240010, KEEP_INFO],
  ['exec_end', 0x400000, KEEP_INFO], // no guard before the heap
  ['exec_entry', 0x1ffff0, KEEP_INFO],
  ['exec_entry', 0x240000, KEEP_INFO],
  ['exec_phdr', 0x23fff8, KEEP_INFO],
  ['exec_phdr', 0x200041, KEEP_INFO],
  ['exec_phdr', ALL - 7n, KEEP_INFO],
  ['exec_phnum', 0, KEEP_INFO],
  ['exec_phnum', ALL, KEEP_INFO],
  ['heap_start', 0x401000, KEEP_INFO],
  ['heap_end', 0x400000, KEEP_INFO],
  ['heap_end', 0x8000800, KEEP_INFO],
  ['heap_end', ALL - 0xfffn, KEEP_INFO],
  ['memory', 0, KEEP_INFO],
  ['memory', 0x100800, KEEP_INFO],
  ['memory', ALL - 0xfffn, KEEP_INFO],
  ['xfrm', 5, KEEP_INFO],
  ['xfrm', 0x60007, KEEP_INFO], // AMX has no room in a thread's save area
  ['xfrm', 3, ATTRIBUTES], // another than the launch's
  ['report.attributes', 0x85 | 0x02, 'good'], // DEBUG is for verifiers to see
  ['report.attributes', 0x85 | 0x10, ATTRIBUTES], // PROVISIONKEY
  ['report.attributes', 0x85 | 0x20, ATTRIBUTES], // EINITTOKENKEY
  ['report.attributes', 0x85 | 0x40, ATTRIBUTES], // CET
  ['report.attributes', 0x85 | 0x400, ATTRIBUTES], // AEX-Notify
  ['report.attributes', 0x05, ATTRIBUTES], // without KSS there is no CONFIGID
  ['report.attributes', 0x81, ATTRIBUTES],
  ['report.xfrm', 3, ATTRIBUTES],
  ['report.xfrm', 0xe7, ATTRIBUTES],
  ['report.miscselect', 0, ATTRIBUTES],
  ['report.miscselect', 3, ATTRIBUTES],
  ['report.configid', 0, 'another config'],
  ['report.configid', 31, 'another config'],
  ['report.configid', 32, 'another config'],
  ['report.configid', 63, 'another config'],
];

if (spawnSync('gcc-12', ['--version']).status !== 0) console.log('skipped: launch: gcc-12 is not installed');
else {
  test('KEEP_INFO and REPORT, one field changed', () => {
    const out = join(tempFolder('motte-launch'), 'launch');
    const sources = ['test/c/launch_table.c', 'keep_info.c', 'report.c'].map((name) => join(SHIM, name));
    const include = ['-I', join(SHIM, '../core/test/c')];
    const flags = [
      '-std=gnu11',
      '-O1',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-fno-builtin',
      '-mcmodel=large',
      '-no-pie',
    ];
    // The Keep's base, a multiple of 256 MiB and not of 512; the image ends 16 pages on.
    const symbols = '-Wl,--defsym=shim_start=0x210000000,--defsym=shim_end=0x210010000';
    const built = spawnSync('gcc-12', [...flags, symbols, ...include, ...sources, '-o', out], {
      encoding: 'utf8',
    });
    if (built.status !== 0) throw new Error(built.stderr);
    const input = ROWS.map(([field, value]) => `${field} ${value.toString(16)}\n`).join('');
    const ran = spawnSync(out, { input, encoding: 'utf8' });
    assert.is(ran.status, 0, ran.stderr);
    assert.equal(
      ran.stdout
        .trimEnd()
        .split('\n')
        .map((line, i) => `${ROWS[i]?.[0]} ${ROWS[i]?.[1]}: ${line}`),
      ROWS.map(([field, value, expected]) => `${field} ${value}: ${expected}`),
    );
  });
}

test.run();
