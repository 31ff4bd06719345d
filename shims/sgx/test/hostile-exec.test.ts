// SPDX-License-Identifier: Apache-2.0
// Hosts that hold back or enter threads of a program that execve replaces (docs/adr/0022): the new program starts when no
// thread of the old one can go on, or not at all, and none of them ever goes on in it.
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LIE_KIND } from '@motte/loader/protocol/messages';
import { patience } from '@motte/test-helpers/emulation';
import { lie } from './support/hostile.js';
import { HOSTILE_HELPER, buildProbe, lacking, probeImage, runImage } from './support/probe.js';
import type { Lie } from '@motte/loader/helper/start';

const READ = 0;
const WRITE = 1;
const NEVER = 0x1ff;
const MEM_RESTRICT = 0x10000;
const THREAD_WAKE = 0x10005;
const WAIT = 0x10006;

/** The probe's threads: it computes, it sleeps, it reads its input; one that the program has not started. */
const [COMPUTES, SLEEPS, READS, FREE] = [1n, 2n, 3n, 4n];

/** From the first call of `number` on, `thread` is entered no more, until call `until` was made `times` times. */
function hold(thread: bigint, number: number, until: number, times: number = 1): Lie {
  return { ...lie(number, LIE_KIND.HOLD, BigInt(until)), at: thread, size: times };
}

interface Row {
  readonly name: string;
  readonly lies: readonly Lie[];
  readonly expected: string;
  /** Whether the new program has said anything. */
  readonly started: boolean;
}

const ROWS: readonly Row[] = [
  { name: 'does what it should', lies: [], expected: 'exited 21', started: true },
  {
    name: 'holds back the thread that computes, for ever',
    lies: [hold(COMPUTES, WRITE, NEVER)],
    expected: 'TIME_LIMIT',
    started: false,
  },
  {
    name: 'holds back the thread that computes, until the old code is no code any more',
    lies: [hold(COMPUTES, WRITE, MEM_RESTRICT)],
    expected: 'exited 21',
    started: true,
  },
  {
    name: 'holds back the thread that sleeps, for ever',
    lies: [hold(SLEEPS, WRITE, NEVER)],
    expected: 'TIME_LIMIT',
    started: false,
  },
  {
    name: 'never wakes the thread that sleeps',
    lies: [lie(THREAD_WAKE, LIE_KIND.WITHHELD, 0n, 0)],
    expected: 'TIME_LIMIT',
    started: false,
  },
  {
    name: 'lets nobody wait',
    lies: [lie(WAIT, LIE_KIND.WITHHELD, 0n, 0)],
    expected: 'exited 21',
    started: true,
  },
  {
    name: 'answers a read of the old program when the new one runs',
    lies: [hold(READS, READ, WRITE, 2)],
    expected: 'exited 21',
    started: true,
  },
  {
    name: 'answers a read of the old program wrongly when the new one runs',
    lies: [hold(READS, READ, WRITE, 2), lie(READ, LIE_KIND.ANSWERED, 0n)],
    expected: 'HOST_ORDER',
    started: true,
  },
  {
    // Nobody is left whom its result could mislead.
    name: 'says of a read of the old program more than it could bring, when the new one runs',
    lies: [hold(READS, READ, WRITE, 2), lie(READ, LIE_KIND.RESULT, 1n << 20n)],
    expected: 'exited 21',
    started: true,
  },
  {
    name: 'never answers a read of the old program',
    lies: [hold(READS, READ, NEVER)],
    expected: 'exited 21',
    started: true,
  },
  {
    name: 'enters the thread of the old program that reads, when the new one runs',
    lies: [hold(READS, READ, NEVER), { ...lie(WRITE, LIE_KIND.THREAD, READS, 2), at: FREE }],
    expected: 'HOST_ORDER',
    started: true,
  },
];

const why = lacking() || (existsSync(HOSTILE_HELPER) ? '' : 'the hostile helper is not built');
if (why !== '') console.log(`skipped: hostile hosts during execve: ${why}`);
else {
  const exec = buildProbe();

  for (const { name, lies, expected, started } of ROWS) {
    for (const trust of [false, true]) {
      test(`a host that ${name}${trust ? ', the emulator checking nothing' : ''}`, async () => {
        const image = probeImage(exec, 'exec-replaces', { threads: 5, exec: 'keep' });
        try {
          const { end, out } = await runImage(image, {
            helper: HOSTILE_HELPER,
            limits: { timeMs: expected === 'TIME_LIMIT' ? patience(4000) : patience(120_000) },
            emulation: { lies, trust, aexPeriodUs: 0 },
          });
          const told = end.ended === 'exited' ? `exited ${end.status}` : (end.cause ?? end.ended);
          assert.equal([told, out], [expected, started ? 'here\nafter\n' : 'here\n']);
        } finally {
          image.close();
        }
      });
    }
  }
}

test.run();
