// SPDX-License-Identifier: Apache-2.0
// Other people's tools, which the command is compared with.
import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';

/** Whether a tool is on this machine. */
export function have(tool: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
}

/** A folder in which `openssl` runs; what it prints comes back. */
export function opensslIn(cwd: string): (...args: readonly string[]) => Buffer {
  return (...args) => {
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd });
    assert.is(status, 0, `openssl ${args.join(' ')}: ${stderr.toString()}`);
    return stdout;
  };
}
