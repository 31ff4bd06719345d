// SPDX-License-Identifier: Apache-2.0
// Servers and their clients, a granted directory, and memory, in Keeps on plain KVM: the exec files are those of servers.test.ts and
// hostdir.test.ts, and natively they do the same.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from '@motte/test-helpers/port';
import { kvmTrouble } from '@motte/test-helpers/tcg/with-kvm';
import { tempFolder } from '@motte/test-helpers/temp';
import { CLIENTS, served } from './support/clients.js';
import type { ClientKind } from './support/clients.js';
import { tree } from './support/tree.js';
import { GRANT, outOf, testCases } from './support/vm-cases.js';
import type { HostCase } from './support/vm-cases.js';
import { assertNative } from './support/vm-programs.js';
import type { Native } from './support/vm-programs.js';
import { OUTSIDE, PORT } from './support/vm-run.js';

const FOLDER = tempFolder('motte-kvm-host');

function folder(name: string): string {
  const path = join(FOLDER, name);
  mkdirSync(path);
  return path;
}

async function servedNatively(path: string, kind: ClientKind, count: number): Promise<[Native, string[]]> {
  const port = await freePort();
  const child = spawn(path, [String(port), String(count)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const end = once(child, 'close');
  const [said, stderr] = await Promise.all([
    served(child.stdout, () => CLIENTS[kind](port, count)),
    buffer(child.stderr),
  ]);
  const [status] = (await end) as [number];
  return [{ stdout: said.stdout, stderr, status, signal: null }, said.clients];
}

const WHAT = { http: 'requests', echo: 'clients', turns: 'turns' } as const;

function server(kind: ClientKind, count: number): HostCase {
  const grant = `[[listen]]\nname = "it"\naddress = "127.0.0.1:${PORT}"\nprotocol = "tcp"\n`;
  return {
    name: `${count} ${WHAT[kind]} are served as natively`,
    run: { args: [PORT, String(count)], keep: `threads = 24\n${grant}`, clients: { kind, count } },
    check: async (ran, path) => {
      const [native, clients] = await servedNatively(path, kind, count);
      assert.equal(ran.clients, clients);
      assertNative(ran, native);
    },
  };
}

const OUT = ['out directory 755', /^out\/canary 644 /] as const;

function assertOutside(left: readonly string[]): void {
  const out = left.filter((line) => line.startsWith('out'));
  assert.is(out.length, OUT.length, out.join('\n'));
  assert.is(out[0], OUT[0]);
  assert.match(out[1] ?? '', OUT[1]);
}

/** The program leaves in a directory what it leaves there natively. */
function inDirectory(data: string): HostCase {
  return {
    name: 'files in a granted directory are used and left as natively',
    run: { args: ['/data'], keep: GRANT, data },
    check: (ran, path) => {
      const at = mkdtempSync(join(FOLDER, 'native-'));
      assertNative(ran, spawnSync(path, [at]));
      const left = ran.left.flatMap((line) => (line.startsWith('in/') ? [line.slice(3)] : []));
      assert.equal(left, tree(at));
      assertOutside(ran.left);
    },
  };
}

/** The same where the host watches for host calls; how many take no exit then, kvm-switchless.test.ts looks at. */
function watched({ name, run, check }: HostCase): HostCase {
  return { name: `${name}, where the host watches`, run: { ...run, switchless: true }, check };
}

function escapes(data: string, ...args: readonly string[]): HostCase {
  return {
    name: `no way out of a granted directory by ${args[0]}`,
    run: { args: ['/data', ...args], keep: GRANT, data },
    check: (ran) => {
      assert.equal([ran.ended, ran.status, outOf(ran)], ['exited', 0, '0 ways out\n'], ran.reason ?? '');
      assertOutside(ran.left);
    },
  };
}

/** Whatever a Keep may use, it costs the host what it has used, and at most 256 MiB where that is little. */
function touches(mib: number, leastMiB: number, mostMiB: number): HostCase {
  return {
    name: `${mib} MiB of 16 GiB are written and read; the host gives at most ${mostMiB} MiB`,
    run: { args: [String(mib)], keep: 'memory = "16GiB"\n' },
    check: (ran, path) => {
      assertNative(ran, spawnSync(path, [String(mib)]));
      const took = ran.peakKiB / 1024;
      assert.ok(took >= leastMiB && took <= mostMiB, `${took} MiB`);
    },
  };
}

/** 2 MiB at a time, but for what a Keep keeps for its next use. */
const GIVES: HostCase = {
  name: 'what a program has given back the host has back, but for 32 MiB',
  run: { args: ['200', '2'], keep: 'memory = "1GiB"\n' },
  check: (ran, path) => {
    assertNative(ran, spawnSync(path, ['200', '2']));
    assert.ok(ran.peakKiB >= 200 << 10, `${ran.peakKiB} KiB at most`);
    assert.ok(ran.heldKiB > 0 && ran.heldKiB <= 48 << 10, `${ran.heldKiB} KiB at the end`);
  },
};

/** Whether this machine's time stamp counter is one to go by (packages/loader/native/vm/clock.c), and its KVM is used. */
function hasSteadyCounter(): boolean {
  const source = '/sys/devices/system/clocksource/clocksource0/current_clocksource';
  const invariant = /^flags\b.*\bnonstop_tsc\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  return kvmTrouble() === '' && invariant && existsSync(source) && readFileSync(source, 'utf8') === 'tsc\n';
}

/** Three threads look for 0.7 s: where each look was a host call, there were 5,000 of them. */
const LOOKS: HostCase = {
  name: 'clocks go on without the host, and not back',
  run: { args: [], keep: 'threads = 4\n' },
  check: (ran, path) => {
    assertNative(ran, spawnSync(path));
    const exits = ran.exits.reduce((sum, [, count]) => sum + count, 0);
    if (hasSteadyCounter()) assert.ok(exits < 2000, `${exits} exits`);
    else
      console.log(
        `skipped: how often a look at the clock is an exit: no steady time stamp counter; ${exits} exits`,
      );
  },
};

const empty = folder('empty');
const some = folder('some');
mkdirSync(join(some, 'sub'));
writeFileSync(join(some, 'file'), 'inside');

await testCases([
  ['echo', () => [server('echo', 20), watched(server('echo', 20))]],
  ['edge', () => [server('turns', 20), watched(server('turns', 20))]],
  ['http', () => [server('http', 24)]],
  ['http-go', () => [server('http', 24), watched(server('http', 24))]],
  // More than the 64 MiB that are there from the start: the shim asks for the rest.
  ['touch', () => [touches(1, 1, 256), touches(200, 200, 512)]],
  ['give', () => [GIVES]],
  ['clock', () => [LOOKS]],
  ['hostdir', () => [inDirectory(empty), watched(inDirectory(empty))]],
  ['wal', () => [inDirectory(empty), watched(inDirectory(empty))]],
  ['escape', () => [escapes(some, 'names', OUTSIDE), escapes(some, 'mounts')]],
]);

test.run();
