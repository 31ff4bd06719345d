// SPDX-License-Identifier: Apache-2.0
// The hostile host of hostile.test.ts before a VM-based Keep: of each row some lies, as the code that checks the answers is the
// same and a machine of scripts/tcg takes seconds for each; more of what only VMs ask for. With MOTTE_TEST_WHOLE=1: all.
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { TABLE } from '@motte/hostcall/table';
import type { Row } from '@motte/hostcall/row';
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import { tempFolder } from '@motte/test-helpers/temp';
import { hostcallsProgram } from './support/hostcalls.js';
import { HONEST, casesOf, told } from './support/hostile-lies.js';
import type { HostileCase } from './support/hostile-lies.js';
import { runInVm } from './support/vm-run.js';
import type { VmRun } from './support/vm-run.js';

const WHOLE = process.env['MOTTE_TEST_WHOLE'] === '1';
/** One case in so many: of the rows that SGX has too, and of those that only VMs have. */
const ONE_IN = { shared: 16, vm: 3 };
/** For all of them; a whole run takes as long as it takes. */
const ALL_SECONDS = WHOLE ? 3000 : 540;

/** Not asked for by a VM: SGX's memory; what is told in debug Keeps alone; and what needs an image. */
function isAsked({ component, name }: Row): boolean {
  return !['memory', 'debug', 'image'].includes(component) && name !== 'mem_tcs';
}

function keepOf({ component, name }: Row): string {
  const lines = ['[[files]]', 'path = "/data"', 'host = "/data"', 'mode = "rw"'];
  if (component === 'sockets')
    lines.push(
      ...['tcp', 'udp'].flatMap((protocol) => [
        '[[listen]]',
        `name = "${protocol}"`,
        'address = "127.0.0.1:0"',
        `protocol = "${protocol}"`,
      ]),
      '[[connect]]',
      'host = "127.0.0.1"',
      'port = 9',
    );
  const threads = component === 'threads' || name === 'vcpu_kick' ? 2 : 1;
  return [`threads = ${threads}`, 'memory = "128MiB"', ...lines, ''].join('\n');
}

/** What each Keep is granted a copy of. */
function dataFolder(): string {
  const folder = tempFolder('motte-kvm-hostile');
  writeFileSync(join(folder, 'file'), 'inside');
  symlinkSync('file', join(folder, 'link'));
  return folder;
}

/** What is about how SGX is entered has no meaning for a vCPU. */
function chosen(row: Row): readonly HostileCase[] {
  const honest = HONEST[row.name];
  if (honest === undefined) throw new Error(`no honest answer for ${row.name}`);
  const all = casesOf(row, honest).filter(
    ({ name, timeMs }) => !name.startsWith('ERESUME') && timeMs === undefined,
  );
  const each = row.component === 'vm' ? ONE_IN.vm : ONE_IN.shared;
  return WHOLE ? all : all.filter((_, i) => i % each === row.number % each);
}

function asked(path: string, data: string, row: Row, { lies, timeMs = 30_000 }: HostileCase): VmRun {
  const plain = lies.map(({ value, at, ...lie }) => ({
    ...lie,
    value: `${value}`,
    ...(at === undefined ? {} : { at: `${at}` }),
  }));
  const input = Buffer.from('in\n').toString('base64');
  return {
    path,
    args: [row.name],
    input,
    keep: keepOf(row),
    seconds: timeMs / 1000,
    lies: plain,
    data,
  };
}

const kvm = await kvmOrWhy();
if (typeof kvm === 'string') console.log(`skipped: the hostile host of VM-based Keeps: ${kvm}`);
else {
  const exec = hostcallsProgram();
  const data = dataFolder();
  const rows = TABLE.filter(isAsked).map((row) => ({ row, cases: chosen(row) }));
  const runs = rows.flatMap(({ row, cases }) => cases.map((one) => asked(exec, data, row, one)));
  console.log(`${runs.length} hosts on: ${kvm.kind}`);
  const lines = await runInVm(kvm, runs, ALL_SECONDS);
  await kvm.end();
  let at = 0;
  for (const { row, cases } of rows) {
    const first = at;
    at += cases.length;
    test(`${row.name}: ${cases.length} hosts of a VM`, () => {
      for (const [i, one] of cases.entries()) {
        const ran = lines.get(first + i);
        assert.ok(ran !== undefined, `${one.name}: not run in time`);
        if (ran.error !== undefined) throw new Error(`${one.name}: ${ran.error}`);
        const seen = told(ran);
        assert.ok([one.expected].flat().includes(seen), `${one.name}: ${seen}, ${ran.reason}`);
      }
    });
  }
}

test.run();
