// SPDX-License-Identifier: Apache-2.0
// Conversations with gdb where /dev/kvm is, two at a time.
import { fileURLToPath } from 'node:url';
import type { Kvm } from '@motte/test-helpers/tcg/with-kvm';
import type { Debugged, Seen } from './gdb.js';

const RUN = fileURLToPath(new URL('gdb-run.js', import.meta.url));
/** For gdb; in an interpreted machine it takes ten seconds to start. */
const LIMIT_MS = { here: 60_000, tcg: 90_000 } as const;
/** As many as there are processors. */
const AT_ONCE = 2;

async function come(kvm: Kvm, asked: Debugged): Promise<Seen> {
  const limit = kvm.kind === 'tcg' ? LIMIT_MS.tcg : LIMIT_MS.here;
  const stdin = Buffer.from(JSON.stringify({ ...asked, limit }));
  const seconds = (2 * limit) / 1000;
  const { status, stdout, stderr } = await kvm.runRepeatable([process.execPath, RUN], { stdin, seconds });
  if (status !== 0) throw new Error(`${asked.options.join(' ')}: ended with ${status}: ${stderr.toString()}`);
  return JSON.parse(stdout.toString()) as Seen;
}

/** All of them; of one that did not come to its end, why. Ends `kvm`. */
export async function talkInVm(
  kvm: Kvm,
  asked: readonly Debugged[],
): Promise<ReadonlyMap<number, Seen | Error>> {
  const came = new Map<number, Seen | Error>();
  const queue = [...asked.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, one] = next;
      came.set(index, await come(kvm, one).catch((error: unknown) => error as Error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await kvm.end();
  return came;
}
