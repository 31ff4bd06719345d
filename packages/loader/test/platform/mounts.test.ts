// SPDX-License-Identifier: Apache-2.0
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noexecMount } from '@motte/loader/platform/mounts';

const ROOT = 'overlay / overlay rw 0 0';

const ROWS = [
  { name: 'no line', mounts: '', expected: undefined },
  { name: 'an executable /dev', mounts: `${ROOT}\ntmpfs /dev tmpfs rw,nosuid 0 0`, expected: undefined },
  { name: 'a noexec /dev', mounts: `${ROOT}\ntmpfs /dev tmpfs rw,nosuid,noexec 0 0`, expected: '/dev' },
  { name: 'a noexec root alone', mounts: 'overlay / overlay rw,noexec 0 0', expected: '/' },
  {
    name: 'a noexec root under an executable /dev',
    mounts: 'overlay / overlay rw,noexec 0 0\ntmpfs /dev tmpfs rw 0 0',
    expected: undefined,
  },
  { name: 'a sibling', mounts: `${ROOT}\ntmpfs /dev/shm tmpfs rw,noexec 0 0`, expected: undefined },
  {
    name: 'a name that only begins alike',
    mounts: `${ROOT}\ntmpfs /de tmpfs rw,noexec 0 0`,
    expected: undefined,
  },
  {
    name: 'a second mount over the first',
    mounts: `${ROOT}\ntmpfs /dev tmpfs rw,noexec 0 0\ndevtmpfs /dev devtmpfs rw 0 0`,
    expected: undefined,
  },
  {
    name: 'the device alone, bound with noexec',
    mounts: `${ROOT}\ntmpfs /dev tmpfs rw 0 0\ndevtmpfs /dev/sgx_enclave devtmpfs rw,noexec 0 0`,
    expected: '/dev/sgx_enclave',
  },
  {
    name: 'an option that only ends alike',
    mounts: `${ROOT}\ntmpfs /dev tmpfs rw,xnoexec 0 0`,
    expected: undefined,
  },
  {
    name: 'a blank in a mount point',
    mounts: `${ROOT}\ntmpfs /dev\\040x tmpfs rw,noexec 0 0`,
    expected: undefined,
  },
] as const;

for (const row of ROWS) {
  test(`noexec: ${row.name}`, () => {
    assert.is(noexecMount(row.mounts, '/dev/sgx_enclave'), row.expected);
  });
}

test.run();
