// SPDX-License-Identifier: Apache-2.0
// The shim itself: that it passes every check, that what is left out has no symbol, that two folders give the same
// bytes.
import * as assert from 'uvu/assert';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import { readElf } from '@motte/elf/read';
import { findSection } from '@motte/elf/sections';
import { instructions } from '@motte/elf/x86/scan';
import { sameBytes } from '@motte/test-helpers/bytes';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { buildShim } from '../src/build.js';
import { parseShimConfig } from '../src/config.js';
import { readManifest } from '../src/manifest.js';
import { PIN } from '../src/pin.js';
import { buildPrebuilt, prebuiltFolder } from '../src/prebuilt.js';
import type { ShimStamp } from '../src/stamp.js';
import { symbolsOf } from './support/fixture.js';

const manifest = readManifest(ROOT, 'sgx');
const foreign = Object.values(manifest.roots).find((folder) => !existsSync(join(ROOT, folder)));
if (spawnSync(PIN.compiler, ['--version']).error !== undefined) {
  console.log(
    `skipped: building the SGX shim: no ${PIN.compiler} on this machine (apt-get install ${PIN.compiler})`,
  );
} else if (foreign !== undefined) {
  console.log(`skipped: building the SGX shim: ${foreign} was not fetched (sh scripts/setup)`);
} else {
  const handlers = (bytes: Uint8Array): string[] =>
    [...symbolsOf(bytes)].filter((name) => name.startsWith('sys_')).sort();

  // Those that come with Motte are built already, or are built here: of these very sources.
  const made = await buildPrebuilt({ root: ROOT });
  const prebuilt = (name: string): { bytes: Uint8Array; stamp: ShimStamp } => {
    const found = made.find(({ variant }) => variant === name);
    assert.ok(found, name);
    return {
      bytes: new Uint8Array(readFileSync(join(prebuiltFolder(ROOT, 'sgx'), `${name}.elf`))),
      stamp: found.stamp,
    };
  };
  const whole = prebuilt('sgx2');

  test('the default shim serves every system call of the manifest, within its limits', () => {
    const { bytes, stamp } = whole;
    const all = manifest.components.flatMap(({ syscalls }) => Object.keys(syscalls));
    assert.equal([...stamp.syscalls].sort(), all.sort());
    assert.ok(stamp.sites > 0);
    assert.equal(stamp.indirect, [...manifest.indirect].sort());
    // What the whole may cost (docs/LIMITATIONS.md); growing it is a decision, made here.
    assert.ok(stamp.text < 224 * 1024, `${stamp.text} bytes of code`);
    assert.ok(stamp.lines < 21_000, `${stamp.lines} lines`);
    assert.ok(handlers(bytes).length > 0);
  });

  test('calls are direct: only BearSSL, which calls its hash by a table, has retpolines', () => {
    const elf = readElf(whole.bytes);
    const text = findSection(elf, '.text');
    assert.ok(text);
    const byteAt = (address: bigint): number => whole.bytes[text.offset + Number(address - text.addr)] ?? 0;
    // F3 90 is PAUSE, in the loop that speculation is caught in.
    const loops = [...instructions(elf)].filter(
      ([address, { map, opcode }]) => map === 0 && opcode === 0x90 && byteAt(address) === 0xf3,
    );
    assert.ok(loops.length > 0 && loops.length <= 24, `${loops.length}`);
  });

  test('a shim for four system calls has their handlers alone', async () => {
    const config = parseShimConfig('syscalls = ["read", "write", "exit_group", "arch_prctl"]');
    const { bytes, stamp } = await buildShim({ root: ROOT, config });
    const symbols = symbolsOf(bytes);
    for (const name of [
      'sys_mmap',
      'sys_openat',
      'sys_futex',
      'sys_rt_sigaction',
      'sys_clock_gettime',
      'sys_getrandom',
    ]) {
      assert.not.ok(symbols.has(name), `${name} is in the image`);
    }
    const names = stamp.components.map(({ name }) => name);
    for (const name of ['paths', 'futex', 'signals', 'time']) assert.not.ok(names.includes(name), name);
    assert.equal(handlers(bytes), ['sys_arch_prctl', 'sys_exit_group', 'sys_read', 'sys_write']);
  });

  test('it links with every switch off', async () => {
    const off = ['threads', 'sockets', 'files', 'mounts', 'image'].map((key) => `${key} = false`);
    const { bytes } = await buildShim({ root: ROOT, config: parseShimConfig(off.join('\n')) });
    const symbols = symbolsOf(bytes);
    for (const name of ['core_locked', 'sys_clone', 'sys_socket', 'lock_control'])
      assert.not.ok(symbols.has(name), name);
    assert.ok(symbols.has('sys_fcntl'));
  });

  test('a shim for SGX1 has nothing of the memory of SGX2', () => {
    const { bytes, stamp } = prebuilt('sgx1');
    const memory = (of: Uint8Array): string[] =>
      [...symbolsOf(of)].filter((name) => name.startsWith('host_mem_'));
    assert.equal(memory(bytes), []);
    assert.is(memory(whole.bytes).length, 5);
    assert.ok(stamp.text < whole.stamp.text);
  });

  test('only the shim of a debug Keep can tell the host anything', () => {
    const told = (bytes: Uint8Array): boolean => symbolsOf(bytes).has('host_trace');
    const debug = prebuilt('sgx2-debug');
    assert.is(told(debug.bytes), true);
    assert.is(told(whole.bytes), false);
  });

  test('a copy of the sources in another folder gives the same bytes', async () => {
    const copy = tempFolder('motte shim é');
    for (const folder of ['shims', ...Object.values(manifest.roots)]) {
      cpSync(join(ROOT, folder), join(copy, folder), {
        recursive: true,
        filter: (from) => !/\/(prebuilt|node_modules)$/.test(from),
      });
    }
    const there = await buildShim({ root: copy });
    sameBytes(there.bytes, whole.bytes, 'shim.elf');
    assert.is(there.stamp.provenance.inputs, whole.stamp.provenance.inputs);
  });
}

test.run();
