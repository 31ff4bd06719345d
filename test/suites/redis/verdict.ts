// SPDX-License-Identifier: Apache-2.0
import type { Unsupported } from '../ltp/list.js';
import type { Verdict } from '../verdict.js';
import type { Reports } from './units.js';

/** The verdict of each test of a unit; the list names tests as `UNIT: TEST`. */
export function judge(unit: string, native: Reports, keep: Reports, list: Unsupported): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const [test, well] of native) {
    const name = `${unit}: ${test}`;
    const listed = list.get(name);
    const inside = keep.get(test);
    if (!well) verdicts.set(name, { kind: 'elsewhere', why: '' });
    else if (inside === true) verdicts.set(name, { kind: 'passed', why: '' });
    else if (listed !== undefined) verdicts.set(name, { kind: 'unsupported', why: listed });
    else
      verdicts.set(name, {
        kind: 'failed',
        why: inside === false ? 'not well inside' : 'not reached inside',
      });
  }
  return verdicts;
}
