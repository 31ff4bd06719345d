// SPDX-License-Identifier: Apache-2.0
// `motte run --gdb` of VM-based Keeps with the real gdb: plain KVM and simulated SEV-SNP, on this machine's KVM or in one boot of
// scripts/tcg. It sees and does what it sees and does of an SGX Keep (gdb.test.ts).
import { readFileSync } from 'node:fs';
import { bytesSource } from '@motte/binary/source';
import { readElf } from '@motte/elf/read';
import { readSymbols, symbolTable } from '@motte/elf/symbols';
import { shimPath } from '@motte/loader/prebuilt';
import { VM_MAP } from '@motte/plan/vm/map';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import { tempFolder } from '@motte/test-helpers/temp';
import { buildDebugged, configured, has } from './support/gdb.js';
import type { Debugged, Seen } from './support/gdb.js';
import { talkInVm } from './support/gdb-in-vm.js';
import { GDB_CASES, SERVED, VALUES } from './support/gdb-cases.js';
import type { GdbCase } from './support/gdb-cases.js';

const FOLDER = tempFolder('motte-gdb-vm');
const KVM = ['--tee', 'kvm'];
const SNP = ['--tee', 'snp', '--emulate'];

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

/** UD2 where the shim of debug Keeps handles system calls: what it does about an exception of its own. */
function brokenShim(options: readonly string[]): Conversation {
  const elf = readElf(bytesSource(readFileSync(shimPath('vm-debug.elf'))));
  const table = symbolTable(elf);
  assert.ok(table !== undefined);
  const at = [...readSymbols(elf, table)].find(({ name }) => name === 'trap_handle_call')?.value ?? 0n;
  const address = BigInt(VM_MAP.BASE) + at;
  return {
    name: `an exception within the shim ends the Keep, and is reported (${options.join(' ')})`,
    asked: { options, commands: ['break leaf', 'continue', `set {short}${address} = 0x0b0f`, 'continue'] },
    check: ({ status, talk }: Seen) => {
      assert.is(status, 127, talk);
      assert.match(
        talk,
        new RegExp(
          `SHIM_FAULT: .* at shim offset 0x${at.toString(16)}: #UD .* in ring [03], .* RIP 0x${address.toString(16)}`,
        ),
      );
    },
  };
}

function conversations(simulates: boolean): readonly Conversation[] {
  const tees = simulates ? [KVM, SNP] : [KVM];
  return [
    ...GDB_CASES.map((one) => conversation(KVM, one)),
    ...tees.flatMap((tee) => [
      conversation(tee, VALUES),
      conversation(tee, SERVED),
      brokenShim(tee),
      {
        name: `^C stops a program that runs, and a debugger that goes away lets it run (${tee.join(' ')})`,
        asked: { options: tee, commands: [] },
        check: ({ status }: Seen) => assert.is.not(status, 0),
      },
    ]),
  ];
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
    const cases = conversations(kvm.kind !== 'pvm');
    const program = buildDebugged(FOLDER);
    console.log(`${cases.length} conversations with gdb on: ${kvm.kind}`);
    const came = await talkInVm(
      kvm,
      cases.map(({ asked }) => ({ program, ...asked })),
    );
    for (const [i, { name, check }] of cases.entries())
      test(name, () => {
        const seen = came.get(i);
        if (seen instanceof Error || seen === undefined) throw seen ?? new Error('not run');
        check(seen);
      });
  }
}

test.run();
