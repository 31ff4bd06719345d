// SPDX-License-Identifier: Apache-2.0
// The hostile host, whole: every row of the host-call table and every kind of lie, told by the real helper to the real
// shim. The Keep ends with its reason, and the loader says so; or what the program sees is legal.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import type { FileGrant } from '@motte/config/keep-config';
import { defaultConfig } from '@motte/config/keep-toml';
import { REASONS } from '@motte/hostcall/reasons';
import { TABLE } from '@motte/hostcall/table';
import { developerSigner } from '@motte/loader/keep/developer-key';
import { prepareSgxKeep } from '@motte/loader/keep/prepare';
import { load } from '@motte/loader/load';
import { helperPath, shimPlace } from '@motte/loader/prebuilt';
import { EMULATE, INTERRUPTED, patience } from '@motte/test-helpers/emulation';
import { tempFolder } from '@motte/test-helpers/temp';
import type { PreparedKeep } from '@motte/loader/keep/prepare';
import type { End } from '@motte/loader/load';
import { hostcallsProgram } from './support/hostcalls.js';
import { HONEST, casesOf, told } from './support/hostile-lies.js';
import type { HostileCase } from './support/hostile-lies.js';

const HELPER = join(dirname(helperPath()), 'motte-helper-hostile');
const DATA: FileGrant = { path: '/data', host: '', mode: 'rw' };
const FOLDERS = tempFolder('motte-hostile-data');
/** Where the file of the image is. */
const IMAGE = tempFolder('motte-hostile-image');
writeFileSync(join(IMAGE, 'file'), 'measured');
/** Keeps at a time. */
const AT_ONCE = 3;

/** What the program of the sockets' rows needs: a port of any number for each protocol, and a place to send to. */
const SOCKET_GRANTS = {
  listen: [
    { name: 'tcp', address: '127.0.0.1:0', protocol: 'tcp' },
    { name: 'udp', address: '127.0.0.1:0', protocol: 'udp' },
  ],
  connect: [{ host: '127.0.0.1', port: 9 }],
} as const;

function lacking(): string {
  if (spawnSync('gcc-12', ['--version']).status !== 0) return 'gcc-12 is not installed';
  if (!existsSync(shimPlace('sgx2.elf'))) return 'sgx2.elf is not built';
  return existsSync(HELPER) ? '' : 'the hostile helper is not built';
}

/** What `hostcalls` finds at /data: a fresh directory for each Keep, for some change it. */
function grantedFolder(): string {
  const folder = mkdtempSync(join(FOLDERS, 'data-'));
  writeFileSync(join(folder, 'file'), 'inside');
  symlinkSync('file', join(folder, 'link'));
  return folder;
}

async function endOf(image: PreparedKeep, one: HostileCase): Promise<End> {
  const keep = await load(image, {
    emulate: EMULATE,
    stdio: 'pipe',
    grants: { '/data': grantedFolder() },
    limits: { timeMs: one.timeMs ?? patience(60_000) },
    helper: HELPER,
    emulation: { ...INTERRUPTED, lies: one.lies },
  });
  // A Keep that ends early leaves its input unread.
  keep.stdin?.on('error', () => undefined);
  keep.stdin?.end('in\n');
  keep.stdout?.resume();
  keep.stderr?.resume();
  return keep.exited;
}

function check(one: HostileCase, end: End): void {
  const seen = told(end);
  assert.ok([one.expected].flat().includes(seen), `${one.name}: ${JSON.stringify(end)}`);
  if (!Object.hasOwn(REASONS, seen)) return;
  assert.is(end.ended, 'refused', one.name);
  // The loader's sentence is the one of the reason.
  const { text } = REASONS[seen as keyof typeof REASONS];
  assert.ok(end.reason?.includes(text), `${one.name}: "${end.reason}"`);
}

const why = lacking();
if (why !== '') console.log(`skipped: the hostile host, whole: ${why}`);
else {
  const exec = hostcallsProgram();
  const signer = developerSigner(join(tempFolder('motte-key'), 'developer.pem'));

  test('every row is driven', () => {
    assert.equal(Object.keys(HONEST).toSorted(), TABLE.map((row) => row.name).toSorted());
  });

  for (const row of TABLE) {
    const honest = HONEST[row.name];
    // Those of VMs are driven where there is a VM: kvm-hostile.test.ts.
    if (honest === undefined || row.component === 'vm') continue;
    const cases = casesOf(row, honest);
    test(`${row.name}: ${cases.length} hosts`, async () => {
      const config = defaultConfig();
      // Only the shim of a debug Keep tells anything.
      const sgx = { ...config.sgx, debug: row.component === 'debug' };
      const grants = row.component === 'sockets' ? SOCKET_GRANTS : {};
      const threads = row.component === 'threads' ? 2 : 1;
      const files = row.component === 'image' ? { image: [{ path: '/image/file', source: 'file' }] } : {};
      const given = { ...config, ...grants, ...files, sgx, threads, args: [row.name], files: [DATA] };
      const image = prepareSgxKeep({ exec, config: given, signer, folder: IMAGE });
      const queue = [...cases];
      const work = async (): Promise<void> => {
        for (let one = queue.shift(); one !== undefined; one = queue.shift())
          check(one, await endOf(image, one));
      };
      try {
        await Promise.all(Array.from({ length: AT_ONCE }, work));
      } finally {
        image.close();
      }
    });
  }
}

test.run();
