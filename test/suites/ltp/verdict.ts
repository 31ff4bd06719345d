// SPDX-License-Identifier: Apache-2.0
// What a test's two runs and its trace come to.
import type { Verdict } from '../verdict.js';
import { complaint, difference, passes, refusal } from './reports.js';
import type { Run } from './reports.js';
import type { Trace } from './trace.js';

/** A test that cannot pass natively either is not run inside. */
export function withoutKeep(native: Run, trace: Trace): Verdict | undefined {
  const refused = refusal(native);
  if (refused !== undefined) return { kind: 'unsupported', why: refused };
  if (!passes(native)) return { kind: 'elsewhere', why: complaint(native) };
  if (trace.forks !== undefined) return { kind: 'unsupported', why: `makes processes: ${trace.forks}` };
  return undefined;
}

/** `documented`: the calls of docs/syscalls.md. A test that makes others may pass all the same, as when it wants ENOSYS. */
export function verdict(native: Run, trace: Trace, inside: Run, documented: ReadonlySet<string>): Verdict {
  const apart = difference(native, inside);
  if (passes(inside) && apart === undefined) return { kind: 'passed', why: '' };
  const others = trace.calls.filter((name) => !documented.has(name));
  if (others.length > 0) return { kind: 'unsupported', why: `calls ${others.join(', ')}` };
  return { kind: 'failed', why: passes(inside) ? (apart ?? '') : complaint(inside) };
}
