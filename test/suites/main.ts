// SPDX-License-Identifier: Apache-2.0
// scripts/suites SUITE ARGUMENTS: suites of tests that are not ours.
import { SuiteError } from './error.js';
import { main as ltp } from './ltp/main.js';
import { USAGE, redisSuite } from './redis/main.js';

/** The exit status: 0 all is as the suite's list says, 1 something is not, 2 it cannot run here, 64 usage. */
export async function main(args: readonly string[]): Promise<number> {
  const [suite, ...rest] = args;
  if (suite !== 'redis') {
    const status = await ltp(args);
    if (status === 64) console.error(USAGE);
    return status;
  }
  try {
    return await redisSuite(rest);
  } catch (error) {
    if (!(error instanceof SuiteError)) throw error;
    console.error(`suites: ${error.message}`);
    return 2;
  }
}
