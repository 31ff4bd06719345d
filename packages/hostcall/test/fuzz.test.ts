// SPDX-License-Identifier: Apache-2.0
// A short run of the fuzz targets, from the committed seeds; `fuzz/run SECONDS` runs them longer.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';

const SECONDS = 4;
const MISSING = 6;

const folder = tempFolder('motte-fuzz');
const build = spawnSync(process.execPath, [join(ROOT, 'fuzz/build.mjs'), folder], { encoding: 'utf8' });

if (build.status === MISSING) {
  console.log(`skipped: fuzzing the host-call boundary: ${build.stderr.trim()}`);
} else {
  test('the targets build', () => assert.is(build.status, 0, build.stderr));

  for (const target of ['hostcall_guest', 'hostcall_host']) {
    test(`${target}: nothing is found in ${SECONDS} s`, () => {
      const corpus = join(ROOT, 'fuzz/corpus', target);
      const args = [`-max_total_time=${SECONDS}`, '-max_len=4096', '-timeout=20', '-print_final_stats=1'];
      const run = spawnSync(
        join(folder, target),
        [...args, `-artifact_prefix=${folder}/`, tempFolder('motte-corpus'), corpus],
        { encoding: 'utf8', env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' } },
      );
      assert.is(run.status, 0, run.stderr.slice(-4000));
      const runs = Number(/number_of_executed_units:\s+(\d+)/.exec(run.stderr)?.[1] ?? 0);
      assert.ok(runs > 500, `${runs} inputs`);
    });
  }
}

test.run();
