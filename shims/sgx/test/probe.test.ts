// SPDX-License-Identifier: Apache-2.0
// What programs do, on the real shim: results and ends are Linux's, and no exception is anything else than its signal.
import { inspect } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultConfig } from '@motte/config/keep-toml';
import { buildProbe, lacking, runProbe } from './support/probe.js';
import type { End, LoadOptions } from '@motte/loader/load';

const sgx1 = { sgx: { ...defaultConfig().sgx, version: 1 as const } };
const good: Partial<End> = { ended: 'exited', status: 0 };
const signalled = (status: number): Partial<End> => ({ ended: 'signalled', status });

const ROWS: readonly [name: string, end: Partial<End>, sgx1?: Partial<End>][] = [
  ['hello', good, good],
  ['echo', good, good],
  ['clock', good, good],
  ['memory', good, good],
  ['pointers', good, good],
  ['registers', good, good],
  ['flags', good, good],
  ['direct', good, good],
  ['random', good, good],
  ['threads', good],
  ['signals', good, good],
  ['restart', good, good],
  ['frames', good, good],
  ['no-room', good, good],
  ['bad-rip', signalled(11), signalled(11)],
  ['bad-state', signalled(11), signalled(11)],
  ['no-restorer', signalled(11), signalled(11)],
  ['direct-return', signalled(11), signalled(11)],
  ['undefined', signalled(4), signalled(4)],
  ['breakpoint', signalled(5), signalled(5)],
  ['abort', signalled(6), signalled(6)],
  ['deadlock', signalled(6), signalled(6)],
  ['alignment', signalled(7), signalled(7)],
  ['divide', signalled(8), signalled(8)],
  ['blocked', signalled(15), signalled(15)],
  // #PF and #GP are not reported to an SGX1 Keep: the host ends it, which is all that it can do.
  ['segv', signalled(11), { ended: 'trapped' }],
  ['not-canonical', signalled(11)],
  ['stack', signalled(11)],
  ['code', signalled(11)],
  ['read-only', signalled(11)],
  ['late-code', signalled(11)],
  ['late-code-refused', { ended: 'exited', status: 1 }, good],
  ['shim', { ended: 'refused', cause: 'SHIM_FAULT' }],
];

const WAYS: readonly [name: string, options: LoadOptions][] = [
  ['', {}],
  [' in strict emulation, unpatched', { emulate: 'strict', patch: false }],
];

const why = lacking();
if (why !== '') console.log(`skipped: probes: ${why}`);
else {
  const exec = buildProbe();
  const check = (name: string, options: LoadOptions, expected: Partial<End>, more = {}): void => {
    test(name, async () => {
      const { end, err } = await runProbe(exec, name.split(' ')[0] ?? '', options, more);
      const found = Object.fromEntries(Object.keys(expected).map((key) => [key, end[key as keyof End]]));
      assert.equal(found, expected, `${inspect(end)} ${err}`);
    });
  };
  for (const [name, expected, first] of ROWS) {
    for (const [way, options] of WAYS) check(`${name}${way}`, options, expected);
    if (first !== undefined) check(`${name} in the SGX1 layout`, {}, first, sgx1);
  }

  check('empty-stdin', {}, good, { stdin: 'null' });

  test('random bytes are others in each run', async () => {
    const [a, b] = await Promise.all([runProbe(exec, 'random'), runProbe(exec, 'random')]);
    assert.match(a.out, /^[0-9a-f]{32}\n$/);
    assert.is.not(a.out, b.out);
  });
}

test.run();
