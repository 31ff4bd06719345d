// SPDX-License-Identifier: Apache-2.0
// The host's clocks between two of its words for them: the shim's C beside a plain model, whatever the host says.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VM_CLOCK } from '@motte/plan/vm/clock';
import { nativeProgramIn } from '@motte/test-helpers/native';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const VM = resolve(fileURLToPath(import.meta.url), '../../..');
const run = nativeProgramIn(VM, ['test/c', join('..', 'core/test/c')], 'clock_driver', [
  'test/c/clock_driver.c',
  'clock.c',
]);

const [REALTIME, MONOTONIC] = [0, 1];
const BILLION = 1_000_000_000n;
const SEED = 0x636c6f63;
const CASES = 5000;

interface Case {
  readonly tsc: bigint;
  readonly valid: bigint;
  readonly multiplier: bigint;
  readonly realtime: bigint;
  readonly monotonic: bigint;
  readonly now: bigint;
  readonly clock: number;
}

/** What the shim says, or that the host is to be asked. */
function model({ tsc, valid, multiplier, realtime, monotonic, now, clock }: Case): string {
  const ticks = BigInt.asUintN(64, now - tsc);
  const at = clock === REALTIME ? realtime : monotonic;
  const known = clock === REALTIME || clock === MONOTONIC;
  if (!known || ticks >= valid || valid > 1n << 40n || multiplier > 1n << 40n || at > 1n << 62n) return 'ask';
  const ns = at + ((ticks * multiplier) >> 32n);
  return `${ns / BILLION}.${String(ns % BILLION).padStart(9, '0')}`;
}

/** Of each size, and around the limits. */
function words(...limits: readonly bigint[]): fc.Arbitrary<bigint> {
  const near = limits.flatMap((limit) => [limit - 1n, limit, limit + 1n]);
  return fc.oneof(
    fc.nat({ max: 63 }).chain((bits) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n })),
    fc.constantFrom(...near),
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  );
}

const CASE: fc.Arbitrary<Case> = fc
  .record({
    tsc: words(1n),
    valid: words(1n << 40n),
    multiplier: words(1n << 40n),
    realtime: words(1n << 62n),
    monotonic: words(1n << 62n),
    since: words(1n),
    within: fc.boolean(),
    clock: fc.constantFrom(REALTIME, MONOTONIC, MONOTONIC, 4, 7, -1),
  })
  .map(({ since, within, ...rest }) => {
    const ticks = within && rest.valid > 0n ? since % rest.valid : since;
    return { ...rest, now: BigInt.asUintN(64, rest.tsc + ticks) };
  });

function encoded({ now, clock, ...said }: Case): Buffer {
  const rest = Buffer.from(BigInt64Array.of(BigInt.asIntN(64, now), BigInt(clock)).buffer);
  return Buffer.concat([VM_CLOCK.write({ sequence: 0n, ...said }), rest]);
}

test(`${CASES} words of a host: as the model`, () => {
  const cases = fc.sample(CASE, { numRuns: CASES, seed: SEED });
  const { stdout, stderr } = run(['from'], Buffer.concat(cases.map(encoded)));
  assert.is(stderr, '');
  const said = stdout.toString().trimEnd().split('\n');
  assert.equal(said, cases.map(model));
  const served = said.filter((line) => line !== 'ask').length;
  assert.ok(served > CASES / 20 && served < CASES, `${served} served`);
});

test('an honest host: 20 ms later by a counter of 2.3 GHz', () => {
  const honest = {
    tsc: 1n << 45n,
    valid: 115_000_000n,
    multiplier: ((1n << 32n) * 10n) / 23n,
    realtime: 1_795_000_000_999_999_999n,
    monotonic: 7n,
    now: (1n << 45n) + 46_000_000n,
  };
  const both = [REALTIME, MONOTONIC].map((clock) => encoded({ ...honest, clock }));
  const { stdout } = run(['from'], Buffer.concat(both));
  assert.is(stdout.toString(), '1795000001.019999998\n0.020000006\n');
});

test('the page: what is old, of the future or being written is passed over', () => {
  const { stdout, stderr } = run(['page']);
  assert.is(stderr, '');
  assert.equal(stdout.toString().trimEnd().split('\n'), [
    'nothing said: ask',
    'said: 5.000000007',
    'said too long ago: ask',
    'said of the future: ask',
    'being written: ask',
    'written meanwhile: ask',
  ]);
});

test.run();
