// SPDX-License-Identifier: Apache-2.0
// The programs of programs.test.ts, the same exec files, as simulated SEV-SNP guests. Those that differ in what they ask of the
// machine, since an interpreted one takes seconds for each; with MOTTE_TEST_WHOLE=1: all.
import { test } from 'uvu';
import type { ProgramName } from '@motte/test-helpers/programs';
import { testPrograms } from './support/vm-programs.js';

const WHOLE = process.env['MOTTE_TEST_WHOLE'] === '1';
const SHARE: ReadonlySet<ProgramName> = new Set([
  'tls-musl',
  'files',
  'memory',
  'give',
  'signals',
  'timers',
  'threads',
  'asks',
  'rust-threads',
  'goroutines',
  'sqlite',
  'lua',
  'rust',
] as const);

await testPrograms({
  tee: 'snp',
  // Where KVM interprets ring 0 the shim's SMEP and SMAP are missing, which mode SNP insists on.
  kinds: ['kvm', 'tcg'],
  chosen: ({ program }) => WHOLE || SHARE.has(program),
  seconds: WHOLE ? 3000 : 560,
});

test.run();
