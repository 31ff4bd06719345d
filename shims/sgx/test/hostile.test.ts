// SPDX-License-Identifier: Apache-2.0
// The host who breaks a rule (SECURITY.md, rules 2 to 10 and 16): the Keep ends with the reason, or is not moved.
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readElf } from '@motte/elf/read';
import { readSymbols, symbolTable } from '@motte/elf/symbols';
import { LIE_KIND } from '@motte/loader/protocol/messages';
import { SGX_MAP } from '@motte/plan/sgx/map';
import { shimPlace } from '@motte/loader/prebuilt';
import { HOSTILE_HELPER, buildProbe, lacking, probeImage, runImage, runProbe } from './support/probe.js';
import { lie, outcome } from './support/hostile.js';
import type { HostileRow } from './support/hostile.js';
import type { PreparedKeep } from '@motte/loader/keep/prepare';
import type { Image } from '@motte/loader/load';

const READ = 0;
const WRITE = 1;
const CLOCK_GETTIME = 228;
const MEM_RESTRICT = 0x10000;

const ROWS: readonly HostileRow[] = [
  // Rule 8: what comes back is checked.
  {
    name: 'more read than was asked for',
    probe: 'echo',
    lies: [lie(READ, LIE_KIND.RESULT, 65n)],
    expected: 'HOST_RESULT',
  },
  {
    name: 'more written than there was',
    probe: 'hello',
    lies: [lie(WRITE, LIE_KIND.RESULT, 7n)],
    expected: 'HOST_RESULT',
  },
  {
    name: 'a result beyond every errno',
    probe: 'hello',
    lies: [lie(WRITE, LIE_KIND.RESULT, -4096n & ((1n << 64n) - 1n))],
    expected: 'HOST_RESULT',
  },
  {
    name: 'an errno that write() does not have',
    probe: 'hello',
    lies: [lie(WRITE, LIE_KIND.RESULT, -2n & ((1n << 64n) - 1n))],
    expected: 'HOST_RESULT',
  },
  {
    name: 'the largest result',
    probe: 'echo',
    lies: [lie(READ, LIE_KIND.RESULT, (1n << 63n) - 1n)],
    expected: 'HOST_RESULT',
  },
  {
    name: 'a length that is not the result',
    probe: 'echo',
    lies: [lie(READ, LIE_KIND.OUT_LENGTH, 2n)],
    expected: 'HOST_LENGTH',
  },
  {
    name: 'data with an answer that has none',
    probe: 'hello',
    lies: [lie(WRITE, LIE_KIND.OUT_LENGTH, 8n)],
    expected: 'HOST_LENGTH',
  },
  // Rule 6: a host call is answered once, and it alone.
  { name: 'no answer', probe: 'hello', lies: [lie(WRITE, LIE_KIND.UNSERVED)], expected: 'HOST_ORDER' },
  {
    name: 'the answer to an earlier call',
    probe: 'hello',
    lies: [lie(WRITE, LIE_KIND.ANSWERED, 0n)],
    expected: 'HOST_ORDER',
  },
  {
    name: 'the answer to a later call',
    probe: 'hello',
    lies: [lie(WRITE, LIE_KIND.ANSWERED, 99n)],
    expected: 'HOST_ORDER',
  },
  // Rule 16.
  {
    name: 'a time that cannot be',
    probe: 'clock',
    lies: [lie(CLOCK_GETTIME, LIE_KIND.DATA, 0xffn)],
    expected: 'HOST_TIME',
  },
  {
    name: 'a clock that goes back is held',
    probe: 'clock',
    lies: [lie(CLOCK_GETTIME, LIE_KIND.DATA, 0n, 5)],
    expected: 'exited 0',
  },
  // Rule 10: a host that does not do its half.
  {
    name: 'pages that stay as they are',
    probe: 'read-only',
    lies: [lie(MEM_RESTRICT, LIE_KIND.RESULT, 0n)],
    expected: 'HOST_RESULT',
  },
  {
    name: 'half a page',
    probe: 'read-only',
    lies: [lie(MEM_RESTRICT, LIE_KIND.RESULT, 2048n)],
    expected: 'HOST_RESULT',
  },
  {
    name: 'the restriction refused',
    probe: 'read-only',
    lies: [lie(MEM_RESTRICT, LIE_KIND.RESULT, -12n & ((1n << 64n) - 1n))],
    expected: 'HOST_RESULT',
  },
];

/** The image as the host shows it: its launch attests `launched`, its boot message has `shown`. */
function twoFaced(image: PreparedKeep, shown: Uint8Array, launched: Uint8Array): Image {
  const { plan, sigstruct, sites = [] } = image;
  let reads = 0;
  return {
    plan,
    sigstruct,
    sites,
    get config() {
      return reads++ === 0 ? shown : launched;
    },
  };
}

/** A symbol of an ELF file. */
function symbol(path: string, name: string): { value: bigint; size: bigint } {
  const elf = readElf(readFileSync(path));
  const table = symbolTable(elf);
  if (table === undefined) throw new Error(`${path} has no symbol table`);
  for (const one of readSymbols(elf, table)) if (one.name === name) return one;
  throw new Error(`${path} has no ${name}`);
}

/** A range of the shim, from one of its symbols to the end of another. */
function between(first: string, last: string): { from: bigint; to: bigint } {
  const path = shimPlace('sgx2.elf');
  const end = symbol(path, last);
  return { from: symbol(path, first).value, to: end.value + end.size };
}

const why = lacking() || (existsSync(HOSTILE_HELPER) ? '' : 'the hostile helper is not built');
if (why !== '') console.log(`skipped: hostile hosts: ${why}`);
else {
  const exec = buildProbe();

  // Rule 21: the emulator's own checks must not be what is seen here, so each is tried without them too.
  for (const { name, probe, lies, expected } of ROWS) {
    for (const trust of [false, true]) {
      test(`${name}${trust ? ', the emulator checking nothing' : ''}`, async () => {
        const image = probeImage(exec, probe);
        assert.is(await outcome(image, lies, trust), expected);
        image.close();
      });
    }
  }

  test('another config blob than the attested one', async () => {
    const image = probeImage(exec, 'hello');
    const other = Uint8Array.from(image.config);
    const last = other.length - 8; // within the last argument
    other[last] = (other[last] ?? 0) ^ 1;
    const { end } = await runImage(twoFaced(image, other, image.config));
    assert.is(end.cause, 'CONFIG_DIGEST');
    image.close();
  });

  test('a config blob that is attested and malformed', async () => {
    const image = probeImage(exec, 'hello');
    const other = Uint8Array.from(image.config);
    other[0x1c] = 1; // reserved
    const { end } = await runImage(twoFaced(image, other, other));
    assert.is(end.cause, 'CONFIG_FORMAT');
    image.close();
  });

  test('a config blob of another plan', async () => {
    const [image, other] = [probeImage(exec, 'hello'), probeImage(exec, 'hello', { memory: 128n << 20n })];
    const { end } = await runImage(twoFaced(image, other.config, other.config));
    assert.is(end.cause, 'KEEP_INFO');
    image.close();
    other.close();
  });

  test('a page of the program that the host replaces by zeros', async () => {
    const image = probeImage(exec, 'data');
    const page = (execStart(image) + symbol(exec, 'written').value) & ~0xfffn;
    const lies = [lie(WRITE, LIE_KIND.REPLACE_PAGE, page)];
    assert.is(await outcome(image, lies), 'MEMORY_LEDGER');
    image.close();
  });

  test('ERESUME in place of an answer', async () => {
    const image = probeImage(exec, 'hello');
    assert.is(await outcome(image, [lie(WRITE, LIE_KIND.RESUME)]), 'ENTER_REFUSED');
    image.close();
  });

  test('an entry at CSSA 1 after the exception was dealt with changes nothing', async () => {
    const image = probeImage(exec, 'hello');
    const { end, out, stats } = await runImage(image, {
      helper: HOSTILE_HELPER,
      emulation: { lies: [lie(WRITE, LIE_KIND.ENTER)] },
    });
    assert.equal([end.ended, end.status, out], ['exited', 0, 'hello\n']);
    assert.ok(stats.ignored > 0, 'the host entered');
    image.close();
  });

  // Rule 6, SmashEx: an AEX and an entry after every instruction of entry, exit, landing, and copy.
  for (const [name, first, last] of [
    ['entry, exit and landing', 'keep_entry', 'landing_start'],
    ['copy', 'copy_words', 'copy_words'],
  ] as const) {
    test(`interrupted and entered anew after every instruction of ${name}`, async () => {
      const step = between(first, last);
      const { end, out, stats } = await runProbe(exec, 'hello', { emulation: { step }, patch: false });
      assert.equal([end.ended, end.status, out], ['exited', 0, 'hello\n'], JSON.stringify(end));
      assert.ok(
        stats.injected > 20 && stats.ignored > 20,
        `${stats.injected} steps, ${stats.ignored} ignored`,
      );
    });
  }
}

/** Where the program's address 0 lies. */
function execStart(image: PreparedKeep): bigint {
  const run = image.plan.runs.find(({ source }) => source.file === 'probe');
  if (run === undefined) throw new Error('the plan has no page of the program');
  return run.address - (run.address % BigInt(SGX_MAP.REGION_ALIGN));
}

test.run();
