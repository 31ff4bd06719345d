// SPDX-License-Identifier: Apache-2.0
// Host calls without an exit (ADR 0032), of Keeps that make many: how many take one, what the thread that watches costs while there are
// none, that the Keep ends while it asks, and what becomes of a host that watches and lies.
import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LIE_KIND } from '@motte/loader/protocol/messages';
import { VM_MAP } from '@motte/plan/vm/map';
import { SWITCHLESS, VM_SWITCHLESS } from '@motte/plan/vm/switchless';
import { kvmTrouble } from '@motte/test-helpers/tcg/with-kvm';
import { told } from './support/hostile-lies.js';
import { testCases } from './support/vm-cases.js';
import type { HostCase } from './support/vm-cases.js';
import { assertNative } from './support/vm-programs.js';
import type { PlainLie, VmRan } from './support/vm-run.js';

const CLOCK_GETTIME = 228;
const TIMES = 2000;
/** There a second is long. */
const INTERPRETED = kvmTrouble() !== '';

const exitsOf = ({ exits }: VmRan): number => exits.reduce((sum, [, count]) => sum + count, 0);

function asks(threads: number, times: number, ms: number): HostCase['run'] {
  return { args: [`${threads}`, `${times}`, `${ms}`], keep: 'threads = 8\n', switchless: true };
}

/** How many take no exit is a matter of who else wants a CPU (`npm run bench switchless`); some do. */
function assertServed({ switchless, hostCalls }: VmRan): void {
  if (!INTERPRETED) assert.ok(switchless > 0, `${switchless} of ${hostCalls}`);
  else if (switchless === 0)
    console.log('skipped: calls without an exit: in an interpreted machine an exit takes too long for them');
}

/** Each call that takes none is one less, and no other. */
function assertCounted(ran: VmRan): void {
  assert.ok(ran.hostCalls > TIMES, `${ran.hostCalls} host calls`);
  const others = ran.hostCalls - ran.switchless;
  assert.ok(exitsOf(ran) >= others, `${exitsOf(ran)} exits for ${others} calls`);
}

/** Of the 1.5 s in which nobody asks, the thread that watches has the CPU for hardly any. */
const SLEEPS: HostCase = {
  name: 'calls take no exit, and a host that is asked nothing sleeps',
  run: asks(1, TIMES, 1500),
  check: (ran, path) => {
    assertNative(ran, spawnSync(path, ['1', `${TIMES}`, '0']));
    assertServed(ran);
    assertCounted(ran);
    if (!INTERPRETED) assert.ok(ran.cpuMs < 1000, `${ran.cpuMs} ms`);
  },
};

const SEVERAL: HostCase = {
  name: 'three threads ask at once',
  run: asks(3, TIMES, 0),
  check: (ran, path) => {
    assertNative(ran, spawnSync(path, ['3', `${TIMES}`, '0']));
    assertServed(ran);
  },
};

const LEAVES: HostCase = {
  name: 'the program ends while its threads ask',
  run: asks(3, 0, 200),
  check: (ran, path) => assertNative(ran, spawnSync(path, ['3', '0', '200'])),
};

const LATE: HostCase = {
  name: 'the time is up while it asks',
  run: { ...asks(1, 100_000_000, 0), seconds: INTERPRETED ? 20 : 1 },
  check: (ran) => assert.is(told(ran), 'TIME_LIMIT'),
};

function lying(
  name: string,
  expected: readonly string[],
  lie: Omit<PlainLie, 'number' | 'nth'>,
  more: { readonly switchless?: boolean; readonly nth?: number } = {},
): HostCase {
  const { switchless = true, nth = TIMES / 2 } = more;
  return {
    name,
    run: { ...asks(1, TIMES, 0), switchless, lies: [{ ...lie, number: CLOCK_GETTIME, nth }] },
    check: (ran) => assert.ok(expected.includes(told(ran)), `${told(ran)}: ${ran.reason}`),
  };
}

/** What the host writes beside the answer: a word of VM_SWITCHLESS. */
const writes = (field: 'state' | 'watched', value: number): Omit<PlainLie, 'number' | 'nth'> => ({
  kind: LIE_KIND.WRITE,
  value: `${value}`,
  size: 8,
  at: `${VM_MAP.SWITCHLESS - VM_MAP.SHARED + VM_SWITCHLESS.offsetOf(field)}`,
});

// One at a time: each wants two CPUs.
await testCases(
  [
    [
      'asks',
      () => [
        SLEEPS,
        SEVERAL,
        LEAVES,
        LATE,
        lying('a host that watches and does not answer', ['HOST_ORDER'], {
          kind: LIE_KIND.UNSERVED,
          value: '0',
        }),
        lying('one that answers another call', ['HOST_ORDER'], { kind: LIE_KIND.ANSWERED, value: '7' }),
        lying('one whose result is none', ['HOST_RESULT'], { kind: LIE_KIND.RESULT, value: '1' }),
        lying('one whose time is none', ['HOST_TIME'], { kind: LIE_KIND.DATA, value: '255' }),
        lying('one that says it watches, and does not', ['exited 0'], writes('watched', 1), {
          switchless: false,
          nth: 0,
        }),
        lying('one that no longer says that it watches', ['exited 0'], writes('watched', 0)),
        lying(
          'one that says it has answered before it is asked',
          // By the time it does so in earnest the next call may have been made.
          ['exited 0', 'HOST_ORDER'],
          writes('state', SWITCHLESS.ANSWERED),
          {
            nth: 0,
          },
        ),
      ],
    ],
  ],
  1,
);

test.run();
