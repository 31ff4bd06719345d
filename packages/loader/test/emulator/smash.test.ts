// SPDX-License-Identifier: Apache-2.0
// SmashEx (CVE-2021-0186) against the shim: an AEX after every instruction of its entry, exit and copy code, and at
// each a hostile entry that has no exception to show. The Keep must leave with IGNORED, where an SSA frame is left, or
// never know, where the CPU refuses; and the program must not notice.
import { program } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { developerSigner } from '@motte/loader/keep/developer-key';
import { prepareSgxKeep } from '@motte/loader/keep/prepare';
import { load } from '@motte/loader/load';
import { shimPath } from '@motte/loader/prebuilt';
import type { PreparedKeep } from '@motte/loader/keep/prepare';
import type { End, KeepStats } from '@motte/loader/load';

/** Functions of the shim; each must be reached and stepped. */
const STEPPED = [
  'keep_entry',
  'keep_leave',
  'hostcall_transfer',
  'hostcall_answered',
  'hostcall_exchange',
  'exception_handle',
  'sgx_enclu',
  'sgx_end',
  'landing_start',
  'landing_trapped',
  'copy_in',
  'copy_out',
  'copy_words',
];

interface Symbol {
  readonly from: bigint;
  readonly to: bigint;
}

/** Functions of the built shim by name. */
function symbols(): Map<string, Symbol> {
  const lines = execFileSync('nm', ['-S', shimPath('sgx2.elf')], { encoding: 'utf8' }).split('\n');
  const rows = lines.flatMap((line) => {
    const [at, size, type, name] = line.split(' ');
    if (name === undefined || !/^[tT]$/.test(type ?? '')) return [];
    const from = BigInt(`0x${at}`);
    return [[name, { from, to: from + BigInt(`0x${size}`) }] as const];
  });
  return new Map(rows);
}

const built = program('tls');
if ('skipped' in built) {
  console.log(`skipped: SmashEx: ${built.skipped}`);
} else {
  const signer = developerSigner(join(tempFolder('motte-key'), 'developer.pem'));
  const image = prepareSgxKeep({ exec: built.path, signer });
  const shim = symbols();
  const plain = run(image, 0n, 0n);

  for (const name of STEPPED) {
    test(`an interrupt after every instruction of ${name}`, async () => {
      const range = shim.get(name);
      assert.ok(range, 'the shim has this function');
      const expected = await plain;
      const ran = await run(image, range.from, range.to);
      assert.equal(ran.end, expected.end);
      assert.is(ran.out, expected.out);
      assert.ok(ran.stats.injected > 0, 'it was reached');
      // At CSSA 1 the handler itself is interrupted: there the CPU has no frame left and refuses.
      assert.ok(ran.stats.ignored > 0 || name === 'exception_handle', 'hostile entries were answered');
      assert.ok(ran.stats.ignored <= ran.stats.injected);
    });
  }

  test('a range that is never reached injects nothing: the tests above can fail', async () => {
    const { stats } = await run(image, 0x800000n, 0x800010n);
    assert.is(stats.injected, 0);
  });
}

interface Ran {
  readonly end: End;
  readonly out: string;
  readonly stats: KeepStats;
}

async function run(image: PreparedKeep, from: bigint, to: bigint): Promise<Ran> {
  const keep = await load(image, {
    emulate: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    limits: { timeMs: 60_000 },
    ...(to === 0n ? {} : { emulation: { step: { from, to } } }),
  });
  const [end, out] = await Promise.all([keep.exited, keep.stdout === null ? '' : text(keep.stdout)]);
  return { end, out, stats: await keep.stats() };
}

test.run();
