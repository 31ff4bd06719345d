// SPDX-License-Identifier: Apache-2.0
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { codeAndField } from '@motte/test-helpers/errors';
import { MotteError } from '@motte/binary/error';
import { defaultShimConfig, parseShimConfig } from '../src/config.js';

test('every key is read, and what is not given has its default', () => {
  assert.equal(defaultShimConfig(), {
    tee: 'sgx',
    threads: 255,
    syscalls: 'all',
    sockets: true,
    files: true,
    mounts: true,
    image: true,
    debug: false,
    sgx: { version: 2 },
  });
  const all = `
    tee = "sgx"
    threads = 4
    syscalls = ["read", "write"]
    sockets = false
    files = false
    mounts = false
    image = false
    debug = true
    [sgx]
    version = 1`;
  assert.equal(parseShimConfig(all), {
    tee: 'sgx',
    threads: 4,
    syscalls: ['read', 'write'],
    sockets: false,
    files: false,
    mounts: false,
    image: false,
    debug: true,
    sgx: { version: 1 },
  });
  const { sgx: _, ...rest } = defaultShimConfig();
  assert.equal(parseShimConfig('tee = "vm"'), { ...rest, tee: 'vm' });
  assert.is(parseShimConfig('threads = false').threads, false);
  assert.is(parseShimConfig('syscalls = "all"').syscalls, 'all');
});

for (const [name, toml, expected, says] of [
  ['an unknown key', 'socket = true', 'SHIM_CONFIG_KEY socket', 'did you mean sockets?'],
  ['an unknown key of a table', '[sgx]\nverison = 1', 'SHIM_CONFIG_KEY sgx.verison', 'did you mean version?'],
  ['another TEE', 'tee = "sgxx"', 'SHIM_CONFIG tee', 'did you mean "sgx"?'],
  ['SGX for a VM', 'tee = "vm"\n[sgx]\nversion = 2', 'SHIM_CONFIG sgx', 'tee = "sgx"'],
  ['a version that there is not', '[sgx]\nversion = 3', 'SHIM_CONFIG sgx.version', '1 or 2'],
  ['threads = true', 'threads = true', 'SHIM_CONFIG threads', 'expected false'],
  ['no threads', 'threads = 0', 'SHIM_CONFIG threads', 'from 1 to 256'],
  ['too many threads', 'threads = 257', 'SHIM_CONFIG threads', 'from 1 to 256'],
  ['a text for a switch', 'debug = "yes"', 'SHIM_CONFIG debug', 'true or false'],
  ['another word than all', 'syscalls = "al"', 'SHIM_CONFIG syscalls', 'did you mean "all"?'],
  ['numbers for names', 'syscalls = [1]', 'SHIM_CONFIG syscalls[0]', 'a text'],
  ['what is no TOML', 'threads = ', 'SHIM_CONFIG', 'line 1'],
] as const) {
  test(`${name} is refused with its line and what would do`, () => {
    assert.is(
      codeAndField(() => parseShimConfig(toml)),
      expected,
    );
    try {
      parseShimConfig(`\n${toml}`);
      assert.unreachable();
    } catch (error) {
      const { message } = error as MotteError;
      assert.ok(message.includes(says) || message.includes('line 2'), message);
      if (name !== 'what is no TOML') assert.ok(message.includes(says), message);
      assert.match(message, /line \d/);
    }
  });
}

test.run();
