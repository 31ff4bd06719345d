// SPDX-License-Identifier: Apache-2.0
// The shim of VM-based Keeps: that it links with all switches on, and with all off.
import * as assert from 'uvu/assert';
import { existsSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import { ROOT } from '@motte/test-helpers/vectors';
import { buildShim } from '../src/build.js';
import { parseShimConfig } from '../src/config.js';
import { readManifest } from '../src/manifest.js';
import { PIN } from '../src/pin.js';
import { buildPrebuilt } from '../src/prebuilt.js';
import { symbolsOf } from './support/fixture.js';

const manifest = readManifest(ROOT, 'vm');
const foreign = Object.values(manifest.roots).find((folder) => !existsSync(join(ROOT, folder)));
if (spawnSync(PIN.compiler, ['--version']).error !== undefined) {
  console.log(
    `skipped: building the shim of VMs: no ${PIN.compiler} on this machine (apt-get install ${PIN.compiler})`,
  );
} else if (foreign !== undefined) {
  console.log(`skipped: building the shim of VMs: ${foreign} was not fetched (sh scripts/setup)`);
} else {
  test('the shim that comes with Motte serves the same system calls as that of SGX', async () => {
    const made = await buildPrebuilt({ root: ROOT });
    const served = (name: string) => made.find(({ variant }) => variant === name)?.stamp.syscalls;
    assert.equal(served('vm'), served('sgx2'));
    assert.ok((served('vm')?.length ?? 0) > 0);
  });

  test('it links with every switch off, and has no lock then', async () => {
    const off = ['threads', 'sockets', 'files', 'mounts', 'image'].map((key) => `${key} = false`);
    const { bytes } = await buildShim({
      root: ROOT,
      config: parseShimConfig(['tee = "vm"', ...off].join('\n')),
    });
    const symbols = symbolsOf(bytes);
    for (const name of ['core_locked', 'sys_clone', 'sys_socket', 'lock_control'])
      assert.not.ok(symbols.has(name), name);
    assert.ok(symbols.has('trap_handle'));
  });
}

test.run();
