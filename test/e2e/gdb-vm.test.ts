// SPDX-License-Identifier: Apache-2.0
// `motte run --gdb` of VM-based Keeps with the real gdb: plain KVM and simulated SEV-SNP, on this machine's KVM or in one boot of
// scripts/tcg. It sees and does what it sees and does of an SGX Keep (gdb.test.ts).
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import type { Kvm } from '@motte/test-helpers/tcg/with-kvm';
import { tempFolder } from '@motte/test-helpers/temp';
import { SLOW_MS, buildDebugged, configured, has } from './support/gdb.js';
import type { Debugged, Seen } from './support/gdb.js';
import { GDB_CASES, SERVED, VALUES } from './support/gdb-cases.js';
import type { GdbCase } from './support/gdb-cases.js';

const FOLDER = tempFolder('motte-gdb-vm');
const RUN = fileURLToPath(new URL('support/gdb-run.js', import.meta.url));
const KVM = ['--tee', 'kvm'];
const SNP = ['--tee', 'snp', '--emulate'];

/** As many as there are processors. */
const AT_ONCE = 2;

interface Conversation {
  readonly name: string;
  readonly asked: Omit<Debugged, 'program'>;
  readonly check: (seen: Seen) => void;
}

function conversation(
  options: readonly string[],
  { name, args = [], keep, commands, check }: GdbCase,
): Conversation {
  const settings = keep === undefined ? [] : configured(FOLDER, keep);
  return {
    name: `${name} (${options.join(' ')})`,
    asked: { options: [...options, ...settings], args, commands },
    check,
  };
}

function conversations(simulates: boolean): readonly Conversation[] {
  const tees = simulates ? [KVM, SNP] : [KVM];
  return [
    ...GDB_CASES.map((one) => conversation(KVM, one)),
    ...tees.flatMap((tee) => [
      conversation(tee, VALUES),
      conversation(tee, SERVED),
      {
        name: `^C stops a program that runs, and a debugger that goes away lets it run (${tee.join(' ')})`,
        asked: { options: tee, commands: [] },
        check: ({ status }: Seen) => assert.is.not(status, 0),
      },
    ]),
  ];
}

async function come(kvm: Kvm, asked: Debugged): Promise<Seen> {
  const seconds = (asked.limit ?? SLOW_MS) / 1000;
  const stdin = Buffer.from(JSON.stringify(asked));
  const { status, stdout, stderr } = await kvm.run([process.execPath, RUN], { cwd: FOLDER, stdin, seconds });
  if (status !== 0) throw new Error(`${asked.options.join(' ')}: ${stderr.toString()}`);
  return JSON.parse(stdout.toString()) as Seen;
}

async function all(kvm: Kvm, asked: readonly Debugged[]): Promise<(Seen | Error)[]> {
  const out: (Seen | Error)[] = [];
  const queue = [...asked.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      out[next[0]] = await come(kvm, next[1]).catch((error: unknown) => error as Error);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return out;
}

if (!has('gcc-12') || !has('gdb'))
  console.log('skipped: --gdb of VM-based Keeps: gcc-12 and gdb are not both installed');
else {
  const kvm = await kvmOrWhy();
  if (typeof kvm === 'string') console.log(`skipped: --gdb of VM-based Keeps: ${kvm}`);
  else {
    if (kvm.kind === 'pvm')
      console.log(
        'skipped: --gdb of a simulated SEV-SNP: a KVM in software cannot simulate it; the machine without /dev/kvm does',
      );
    // In the interpreted machine a conversation takes a minute.
    const cases = conversations(kvm.kind !== 'pvm');
    const limit = kvm.kind === 'tcg' ? { limit: SLOW_MS } : {};
    const program = buildDebugged(FOLDER);
    console.log(`${cases.length} conversations with gdb on: ${kvm.kind}`);
    const came = await all(
      kvm,
      cases.map(({ asked }) => ({ program, ...asked, ...limit })),
    );
    await kvm.end();
    for (const [i, { name, check }] of cases.entries())
      test(name, () => {
        const seen = came[i];
        if (seen instanceof Error || seen === undefined) throw seen ?? new Error('not run');
        check(seen);
      });
  }
}

test.run();
