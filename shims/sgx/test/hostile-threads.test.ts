// SPDX-License-Identifier: Apache-2.0
// Entries of further threads by a host who breaks a rule (SECURITY.md, rule 6; docs/adr/0018).
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BLOCK_SIZE } from '@motte/hostcall/block';
import { LIE_KIND } from '@motte/loader/protocol/messages';
import { lie, outcome } from './support/hostile.js';
import type { HostileRow } from './support/hostile.js';
import { HOSTILE_HELPER, buildProbe, lacking, probeImage } from './support/probe.js';
import type { Lie } from '@motte/loader/helper/start';

const WRITE = 1;
const YIELD = 24;
const THREAD_START = 0x10004;
const U64 = (1n << 64n) - 1n;

/** At the first call of `number`, the host's thread `thread` enters the TCS `tcs`. */
function enters(number: number, thread: bigint, tcs: bigint): Lie {
  return { ...lie(number, LIE_KIND.THREAD, tcs), at: thread };
}

/** At the first write, the host chooses another block for its thread `thread`: so many bytes from the first one. */
function block(thread: bigint, value: number): Lie {
  return { ...lie(WRITE, LIE_KIND.BLOCK, BigInt(value) & U64), at: thread };
}

/** The first thread_start fails. */
const NO_THREAD = lie(THREAD_START, LIE_KIND.WITHHELD, -11n & U64);

const ROWS: readonly HostileRow[] = [
  {
    name: 'a TCS that is not there yet',
    probe: 'yields',
    lies: [enters(WRITE, 1n, 1n)],
    expected: 'ENTER_REFUSED',
  },
  {
    name: 'a TCS that is there, and that clone does not wait for any more',
    probe: 'start-fails',
    lies: [NO_THREAD, enters(WRITE, 1n, 1n)],
    expected: 'ENTRY_STATE',
  },
  {
    name: 'no thread for the first clone: the second has the TCS of the first',
    probe: 'start-fails',
    lies: [NO_THREAD],
    expected: 'exited 0',
  },
  {
    name: 'a TCS that clone asked for, by two of the host\u2019s threads',
    probe: 'other-spins',
    lies: [enters(THREAD_START, 2n, 1n)],
    /* The thread that was asked for may be in its first host call by then. */
    expected: 'ENTER_REFUSED or HOST_ORDER',
  },
  {
    name: 'the next TCS as well as the one that clone asked for',
    probe: 'other-spins',
    lies: [enters(THREAD_START, 2n, 2n)],
    expected: 'ENTER_REFUSED',
  },
  {
    name: 'the TCS of a thread that computes',
    probe: 'spins',
    lies: [enters(WRITE, 1n, 0n)],
    expected: 'ENTER_REFUSED',
  },
  {
    name: 'the TCS of the first thread, while it sleeps in a host call',
    probe: 'other-writes',
    lies: [enters(WRITE, 2n, 0n)],
    expected: 'HOST_ORDER',
  },
  {
    name: 'the TCS of another thread, while it sleeps in a host call',
    probe: 'other-sleeps',
    lies: [enters(WRITE, 2n, 1n)],
    expected: 'HOST_ORDER',
  },
  {
    name: 'the TCS of a task that has ended, before it was given another',
    probe: 'other-ends',
    lies: [enters(WRITE, 2n, 1n)],
    expected: 'HOST_ORDER',
  },
  {
    name: 'a thread whose task has ended, woken at every call, before it is given another',
    probe: 'other-ends',
    lies: [lie(YIELD, LIE_KIND.WAKE, 0n, 0)],
    expected: 'exited 0',
  },
  {
    name: 'blocks exchanged before they were shown',
    probe: 'starts',
    lies: [block(1n, 2 * BLOCK_SIZE), block(2n, BLOCK_SIZE)],
    expected: 'exited 0',
  },
  ...(
    [
      ['the first thread\u2019s block', 0],
      ['a block that begins in the first thread\u2019s last page', BLOCK_SIZE - 4096],
      ['a block that ends in the first thread\u2019s first page', 4096 - BLOCK_SIZE],
      ['a block that is not page aligned', BLOCK_SIZE + 8],
      ['a block at the end of all addresses', -4096],
    ] as const
  ).map(([name, value]) => ({
    name: `a second thread with ${name}`,
    probe: 'starts',
    lies: [block(1n, value)],
    expected: 'BOOT_BLOCK',
  })),
  {
    name: 'a second thread with a block within the Keep',
    probe: 'starts',
    lies: [{ ...block(1n, 0), size: 1 }],
    expected: 'BOOT_BLOCK',
  },
];

const why = lacking() || (existsSync(HOSTILE_HELPER) ? '' : 'the hostile helper is not built');
if (why !== '') console.log(`skipped: hostile entries of threads: ${why}`);
else {
  const exec = buildProbe();

  // Rule 21: the shim's own checks, with the emulator's and without them.
  for (const { name, probe, lies, expected } of ROWS) {
    for (const trust of [false, true]) {
      test(`${name}${trust ? ', the emulator checking nothing' : ''}`, async () => {
        const image = probeImage(exec, probe, { threads: 3 });
        try {
          const found = await outcome(image, lies, trust);
          assert.ok(expected.split(' or ').includes(found), `${found}, expected ${expected}`);
        } finally {
          image.close();
        }
      });
    }
  }
}

test.run();
