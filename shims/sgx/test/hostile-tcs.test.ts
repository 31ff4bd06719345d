// SPDX-License-Identifier: Apache-2.0
// TCSs that a Keep makes while it runs, on a host who breaks a rule (SECURITY.md, rules 6 and 9; docs/adr/0024).
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PAGE_TYPE } from '@motte/binary/sgx/secinfo';
import { tcsOffsets } from '@motte/loader/keep-info';
import { LIE_KIND } from '@motte/loader/protocol/messages';
import { SGX_MAP } from '@motte/plan/sgx/map';
import { lie, outcome } from './support/hostile.js';
import { HOSTILE_HELPER, buildProbe, lacking, probeImage } from './support/probe.js';
import type { PreparedKeep } from '@motte/loader/keep/prepare';
import type { Lie } from '@motte/loader/helper/start';

const WRITE = 1;
const MEM_TCS = 0x10007;
const PAGE = 0x1000n;

/** Where the pages of the second thread are, which clone makes, and one of the program's. */
interface Places {
  readonly block: bigint;
  readonly tcs: bigint;
  readonly data: bigint;
}

function placesOf({ plan }: PreparedKeep): Places {
  const tcs = tcsOffsets(plan)[1] ?? 0n;
  const data = plan.runs.findLast(({ source, permissions }) => source.file === 'probe' && permissions.write);
  return { block: tcs - BigInt(SGX_MAP.TCS), tcs, data: data?.address ?? 0n };
}

const replace = (number: number, page: bigint): Lie => lie(number, LIE_KIND.REPLACE_PAGE, page);
const retype = (number: number, page: bigint, type: number): Lie => ({
  ...lie(number, LIE_KIND.RETYPE, page),
  at: BigInt(type),
});

/** The host's second thread enters there, and the Keep goes on when it has been refused. */
const place = (number: number, page: bigint): Lie => ({
  ...lie(number, LIE_KIND.PLACE, page),
  at: 2n,
  size: 1,
});

interface Row {
  readonly name: string;
  readonly probe: string;
  readonly lies: (places: Places) => readonly Lie[];
  readonly expected: string;
}

const ROWS: readonly Row[] = [
  { name: 'the truth', probe: 'starts', lies: () => [], expected: 'exited 0' },
  {
    name: 'entered when it was modified and not accepted yet',
    probe: 'starts',
    lies: ({ tcs }) => [place(MEM_TCS, tcs)],
    expected: 'ENTER_REFUSED',
  },
  {
    name: 'said to be modified, and is not',
    probe: 'starts',
    lies: () => [lie(MEM_TCS, LIE_KIND.WITHHELD, PAGE)],
    expected: 'MEMORY_LEDGER',
  },
  {
    name: 'modified once more, to be removed',
    probe: 'starts',
    lies: ({ tcs }) => [lie(MEM_TCS, LIE_KIND.WITHHELD, PAGE), retype(MEM_TCS, tcs, PAGE_TYPE.TRIM)],
    expected: 'MEMORY_LEDGER',
  },
  {
    name: 'modified, and another page with it',
    probe: 'starts',
    lies: ({ block }) => [retype(MEM_TCS, block + BigInt(SGX_MAP.SSA), PAGE_TYPE.TCS)],
    expected: 'ENTER_REFUSED',
  },
  {
    name: 'of which more was modified than there is',
    probe: 'starts',
    lies: () => [lie(MEM_TCS, LIE_KIND.RESULT, 2n * PAGE)],
    expected: 'HOST_RESULT',
  },
  {
    name: 'of which nothing was modified',
    probe: 'starts',
    lies: () => [lie(MEM_TCS, LIE_KIND.WITHHELD, 0n)],
    expected: 'HOST_RESULT',
  },
  {
    name: 'removed and added anew before it is accepted',
    probe: 'starts',
    lies: ({ tcs }) => [replace(MEM_TCS, tcs)],
    expected: 'MEMORY_LEDGER',
  },
  {
    name: 'whose SSA frame is removed and added anew before it is entered',
    probe: 'starts',
    lies: ({ block }) => [replace(MEM_TCS, block + BigInt(SGX_MAP.SSA))],
    expected: 'ENTER_REFUSED',
  },
  {
    name: 'whose stack is removed and added anew before it is entered',
    probe: 'starts',
    lies: ({ block }) => [
      replace(MEM_TCS, block + BigInt(SGX_MAP.STACK0) + BigInt(SGX_MAP.STACK0_PAGES - 1) * PAGE),
    ],
    expected: 'SHIM_FAULT',
  },
  {
    name: 'removed and added anew while its thread sleeps',
    probe: 'other-sleeps',
    lies: ({ tcs }) => [replace(WRITE, tcs), lie(WRITE, LIE_KIND.WAKE)],
    expected: 'ENTER_REFUSED',
  },
  {
    name: 'modified to be removed while its thread sleeps',
    probe: 'other-sleeps',
    lies: ({ tcs }) => [retype(WRITE, tcs, PAGE_TYPE.TRIM), lie(WRITE, LIE_KIND.WAKE)],
    expected: 'ENTER_REFUSED',
  },
  {
    name: 'of the host\u2019s own making',
    probe: 'yields',
    lies: ({ data }) => [retype(WRITE, data, PAGE_TYPE.TCS), place(WRITE, data)],
    expected: 'ENTER_REFUSED',
  },
  {
    name: 'that is no TCS but a page of the program',
    probe: 'yields',
    lies: ({ data }) => [place(WRITE, data)],
    expected: 'ENTER_REFUSED',
  },
  {
    name: 'that is no page at all',
    probe: 'yields',
    lies: ({ block }) => [place(WRITE, block)],
    expected: 'ENTER_REFUSED',
  },
];

const why = lacking() || (existsSync(HOSTILE_HELPER) ? '' : 'the hostile helper is not built');
if (why !== '') console.log(`skipped: hostile TCSs: ${why}`);
else {
  const exec = buildProbe();

  for (const { name, probe, lies, expected } of ROWS) {
    for (const trust of [false, true]) {
      test(`a TCS ${name}${trust ? ', the emulator checking nothing' : ''}`, async () => {
        const image = probeImage(exec, probe, { threads: 3 });
        try {
          assert.is(await outcome(image, lies(placesOf(image)), trust), expected);
        } finally {
          image.close();
        }
      });
    }
  }
}

test.run();
