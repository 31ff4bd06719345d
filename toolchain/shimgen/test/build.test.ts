// SPDX-License-Identifier: Apache-2.0
// A small shim, built in every configuration, wrongly in every way, in two folders and by two compilers.
import * as assert from 'uvu/assert';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import { toHex } from '@motte/binary/hex';
import { readElf } from '@motte/elf/read';
import { checkShim } from '@motte/elf/shim';
import { userSegment } from '@motte/elf/user-page';
import { findSection } from '@motte/elf/sections';
import { symbolIndex } from '@motte/elf/symbols';
import { sameBytes } from '@motte/test-helpers/bytes';
import { codeOf } from '@motte/test-helpers/errors';
import { buildShim } from '../src/build.js';
import { checkFaulting, checkReadersAgree } from '../src/check.js';
import { findCompiler } from '../src/compiler.js';
import { checkDigest } from '../src/digests.js';
import { parseShimConfig } from '../src/config.js';
import { RULES } from '../src/instructions.js';
import type { CodeRules } from '../src/instructions.js';
import { PIN } from '../src/pin.js';
import { append, edit, failure, fixture, symbolsOf } from './support/fixture.js';

const MANIFEST = 'shims/sgx/components.json';
const SCRIPT = 'shims/sgx/shim.ld';
const CORE = 'shims/core/core.c';
const ENTRY = 'shims/sgx/entry.S';

if (spawnSync(PIN.compiler, ['--version']).error !== undefined) {
  console.log(
    `skipped: building shims: no ${PIN.compiler} on this machine (apt-get install ${PIN.compiler})`,
  );
} else {
  const root = fixture();
  const compiler = await findCompiler();
  const build = (toml: string, where = root): ReturnType<typeof buildShim> =>
    buildShim({ root: where, config: parseShimConfig(toml), compiler });

  for (const [toml, present, absent] of [
    ['', ['sys_read', 'sys_write', 'sys_open', 'sys_clone', 'memory_start'], ['debug_print']],
    ['syscalls = ["read"]', ['sys_read'], ['sys_write']],
    ['syscalls = []', ['memory_start'], ['sys_read', 'sys_write']],
    ['sockets = false', ['sys_read'], ['sys_socket', 'debug_print']],
    ['files = false', ['sys_read', 'sys_socket'], ['sys_open']],
    ['threads = false', ['sys_read'], ['sys_clone']],
    ['debug = true', ['debug_print', 'debug_lines'], []],
  ] as const) {
    test(`${toml === '' ? 'defaults' : toml}: what is left out has no symbol`, async () => {
      const { bytes, stamp } = await build(toml);
      const symbols = symbolsOf(bytes);
      for (const name of present) assert.ok(symbols.has(name), `${name} is missing`);
      for (const name of absent) assert.not.ok(symbols.has(name), `${name} is in the image`);
      assert.is(stamp.sha256, createHash('sha256').update(bytes).digest('hex'));
      assert.equal(stamp.config, parseShimConfig(toml));
    });
  }

  test('SGX1 and SGX2 shims are compiled of different files', async () => {
    const [one, two] = await Promise.all([build('[sgx]\nversion = 1'), build('')]);
    const names = (of: typeof one): string[] => of.stamp.components.map(({ name }) => name);
    assert.ok(names(one).includes('memory1') && !names(one).includes('memory2'));
    assert.ok(names(two).includes('memory2') && !names(two).includes('memory1'));
    assert.is.not(one.stamp.sha256, two.stamp.sha256);
  });

  test('a shim for VMs has the instructions of ring 0, its own sources and a page for ring 3', async () => {
    const { bytes, stamp } = await build('tee = "vm"');
    assert.is(stamp.tee, 'vm');
    assert.is(stamp.config.sgx, undefined);
    assert.ok(symbolsOf(bytes).has('vm_entry') && !symbolsOf(bytes).has('keep_entry'));
    assert.is(userSegment(checkShim(readElf(bytes))).memsz, 3);
    assert.is(stamp.sites, 0);
    assert.equal(stamp.indirect, ['enter_exec']);
  });

  test('bytes by component add up to the image, and say what a component costs', async () => {
    const { bytes, stamp } = await build('');
    const elf = readElf(bytes);
    const sum = (key: 'text' | 'rodata' | 'data' | 'bss'): number =>
      stamp.components.reduce((total, one) => total + one[key], 0);
    const section = (name: string): number => elf.sections.find((one) => one.name === name)?.size ?? 0;
    // Sections of the image but for the padding between functions.
    assert.ok(section('.text') - sum('text') >= 0 && section('.text') - sum('text') < 64);
    assert.is(stamp.text, sum('text'));
    const core = stamp.components.find(({ name }) => name === 'core');
    assert.ok(core !== undefined && core.text > 50 && core.bss >= 12 && core.data === 16);
    assert.is(core.lines, readFileSync(join(root, CORE), 'utf8').split('\n').length - 1);
    assert.is(stamp.sites, 1);
    assert.equal(stamp.indirect, ['enter_exec']);
    assert.is(stamp.relocations, 2);
  });

  test('two folders give the same bytes, and neither path is in them', async () => {
    const other = fixture();
    const [a, b] = await Promise.all([build('debug = true'), build('debug = true', other)]);
    sameBytes(a.bytes, b.bytes, 'shim.elf');
    assert.is(a.stamp.provenance.inputs, b.stamp.provenance.inputs);
    const text = Buffer.from(a.bytes).toString('latin1');
    for (const path of [root, other, '/tmp/']) assert.not.ok(text.includes(path), path);
  });

  test('the pinned compiler is named in the stamp, and another one makes an unpinned shim', async () => {
    const wrapper = join(root, 'other-cc');
    const script = `#!/bin/sh\n[ "$1" = --version ] && { echo "other-cc (Elsewhere) 12.2.1"; exit 0; }\nexec ${PIN.compiler} "$@"\n`;
    writeFileSync(wrapper, script);
    chmodSync(wrapper, 0o755);
    const other = await buildShim({ root, compiler: wrapper });
    assert.is(other.stamp.provenance.compiler, 'unpinned');
    assert.is(other.stamp.provenance.version, 'other-cc (Elsewhere) 12.2.1');
    assert.is(other.notes.length, 1);
    assert.match(other.notes[0] ?? '', /^unpinned: built with other-cc \(Elsewhere\) 12\.2\.1/);
    const check = checkDigest('sgx2', other.stamp, []);
    assert.ok(!check.compared && check.why.includes('other-cc') && check.why.includes(PIN.compilerVersion));

    const own = await build('');
    const version = spawnSync(PIN.compiler, ['--version'], { encoding: 'utf8' }).stdout;
    if (!version.includes(PIN.compilerVersion)) {
      console.log(`skipped: the pinned mark: this machine's ${PIN.compiler} is another version`);
      return;
    }
    assert.is(own.stamp.provenance.compiler, 'pinned');
    assert.equal(own.notes, []);
    // The wrapper runs the same compiler: the mark is about what is claimed, not about the bytes.
    sameBytes(own.bytes, other.bytes, 'shim.elf');
    assert.is.not(own.stamp.provenance.inputs, other.stamp.provenance.inputs);
  });

  const asm = (text: string) => (where: string) => edit(where, ENTRY, '\tud2\n', `\t${text}\n\tud2\n`);
  for (const [name, change, code, says] of [
    [
      'an IRELATIVE relocation',
      (where: string) =>
        append(
          where,
          CORE,
          'static long one(void) { return 1; }\nstatic long (*pick(void))(void) { return one; }\nlong chosen_one(void) __attribute__((ifunc("pick")));\nlong (*volatile keep_one)(void) __attribute__((used, retain)) = chosen_one;\n',
        ),
      'ELF_SHIM_RELOCATION',
      /R_X86_64_IRELATIVE/,
    ],
    [
      'a writable and executable segment',
      (where: string) => {
        edit(where, SCRIPT, 'data PT_LOAD FLAGS(6)', 'data PT_LOAD FLAGS(7)');
        edit(where, MANIFEST, '"indirect"', '"ldflags": ["-Wl,--no-warn-rwx-segments"], "indirect"');
      },
      'ELF_WRITE_EXECUTE',
      /rwx/,
    ],
    [
      'a program interpreter',
      (where: string) => {
        edit(where, SCRIPT, 'text PT_LOAD', 'interp PT_INTERP FLAGS(4);\n\ttext PT_LOAD');
        edit(where, SCRIPT, '.dynsym :', '.interp : { KEEP(*(.interp)) } :rodata :interp\n\t.dynsym :');
        append(
          where,
          CORE,
          'const char loader[] __attribute__((section(".interp"), used)) = "/lib/ld.so";\n',
        );
      },
      'ELF_INTERP',
      /PT_INTERP/,
    ],
    [
      'thread-local storage',
      (where: string) => {
        edit(where, SCRIPT, 'dynamic PT_DYNAMIC', 'tls PT_TLS FLAGS(4);\n\tdynamic PT_DYNAMIC');
        edit(where, SCRIPT, '.bss :', '.tdata : { *(.tdata .tdata.*) } :data :tls\n\t.bss :');
        append(
          where,
          CORE,
          '__thread int own __attribute__((used)) = 1;\nint own_value(void);\nint own_value(void) { return own; }\n',
        );
        edit(where, CORE, 'counter++;', 'counter++;\n\tint own_value(void);\n\tcounter += own_value();');
      },
      'ELF_SHIM_TLS',
      /PT_TLS/,
    ],
    [
      'a segment within a page',
      (where: string) => edit(where, SCRIPT, '\t. = ALIGN(4096);\n\t.data', '\t. = ALIGN(16);\n\t.data'),
      'ELF_PAGE_SHARED',
      /PT_LOAD/,
    ],
    [
      'a site that is not where it says',
      asm('.pushsection .motte.sites, "", @progbits\n\t.long keep_entry\n\t.long 1\n\t.popsection'),
      'ELF_SHIM_SITES',
      /ENCLU/,
    ],
    [
      'data in executable memory',
      (where: string) => {
        edit(
          where,
          SCRIPT,
          '*(.text .text.*) } :text',
          '*(.text .text.*) } :text\n\t.hidden : { KEEP(*(.hidden)) } :text',
        );
        append(where, CORE, 'const int hidden_data __attribute__((section(".hidden"), used)) = 0x050f;\n');
      },
      'SHIM_INSTRUCTION',
      /\.hidden: executable memory/,
    ],
    ['an ENCLU that is not listed', asm('enclu'), 'SHIM_SITE_UNLISTED', /keep_entry/],
    ['a system call', asm('syscall'), 'SHIM_INSTRUCTION', /syscall in keep_entry: would ask the host/],
    ['CPUID', asm('cpuid'), 'SHIM_INSTRUCTION', /cpuid in keep_entry/],
    ['a vector register', asm('movaps %xmm0, (%rsp)'), 'SHIM_INSTRUCTION', /extended state/],
    [
      'a call by pointer',
      (where: string) =>
        edit(
          where,
          CORE,
          'counter++;',
          'counter++;\n\tlong (*volatile f)(void) = memory_start;\n\tcounter += f();',
        ),
      'SHIM_BRANCH',
      /core_main/,
    ],
    [
      'an error of the compiler',
      (where: string) => append(where, CORE, 'int x = "";\n'),
      'SHIM_COMPILE',
      /core\.c/,
    ],
    ['a warning', (where: string) => append(where, CORE, 'static int unused;\n'), 'SHIM_COMPILE', /unused/],
    ['an undefined symbol', asm('call nowhere'), 'SHIM_COMPILE', /nowhere/],
    [
      'a header of the C library',
      (where: string) => append(where, CORE, '#include <stdio.h>\n'),
      'SHIM_COMPILE',
      /stdio\.h/,
    ],
    [
      'a section that the script does not place',
      (where: string) => append(where, CORE, 'int lost __attribute__((section("lost"), used)) = 1;\n'),
      'SHIM_COMPILE',
      /lost/,
    ],
    [
      'a foreign source that was not fetched',
      (where: string) =>
        edit(
          where,
          MANIFEST,
          '"components": [',
          '"roots": { "far": "shims/build/far" },\n  "components": [\n    { "name": "far", "sources": ["far:a.c"] },',
        ),
      'SHIM_SOURCE',
      /shims\/build\/far\/a\.c/,
    ],
  ] as const) {
    test(`${name}: refused`, async () => {
      const where = fixture();
      change(where);
      const error = await failure(() => build('', where));
      assert.is(error.code, code, error.message);
      assert.match(error.message, says);
    });
  }

  const VM_ENTRY = 'shims/vm/entry.S';
  const VM_SCRIPT = 'shims/vm/shim.ld';
  const vmAsm = (text: string) => (where: string) => edit(where, VM_ENTRY, '\tud2\n', `\t${text}\n\tud2\n`);
  for (const [name, change, code, says] of [
    ['a system call of ring 0', vmAsm('syscall'), 'SHIM_INSTRUCTION', /syscall in vm_entry/],
    ['interrupts in ring 0', vmAsm('sti'), 'SHIM_INSTRUCTION', /sti in vm_entry: .*interrupts off/],
    ['a vector register', vmAsm('movaps %xmm0, (%rsp)'), 'SHIM_INSTRUCTION', /extended state/],
    ['another way to the host', vmAsm('vmmcall'), 'SHIM_INSTRUCTION', /vmmcall/],
    [
      'no page for ring 3',
      (where: string) => {
        edit(where, VM_ENTRY, '.section .user, "ax"', '.text');
        edit(where, VM_SCRIPT, 'user PT_LOAD FLAGS(5);', '');
        edit(where, VM_SCRIPT, '.user : { KEEP(*(.user)) } :user', '');
      },
      'ELF_SHIM_USER',
      /found none/,
    ],
    [
      'a page for ring 3 that has more',
      (where: string) => {
        edit(
          where,
          VM_SCRIPT,
          '.user : { KEEP(*(.user)) } :user',
          '.user : { KEEP(*(.user)) } :user\n\t.more : { KEEP(*(.last)) } :user',
        );
        edit(where, VM_ENTRY, '.section .user, "ax"', '.section .last, "ax"\n\tret\n\t.section .user, "ax"');
      },
      'ELF_SHIM_USER',
      /alone/,
    ],
    [
      'a page for ring 3 that is writable',
      (where: string) => {
        edit(where, VM_SCRIPT, 'user PT_LOAD FLAGS(5)', 'user PT_LOAD FLAGS(7)');
        edit(
          where,
          'shims/vm/components.json',
          '"indirect"',
          '"ldflags": ["-Wl,--no-warn-rwx-segments"], "indirect"',
        );
      },
      'ELF_WRITE_EXECUTE',
      /rwx/,
    ],
  ] as const) {
    test(`vm: ${name}: refused`, async () => {
      const where = fixture();
      change(where);
      const error = await failure(() => build('tee = "vm"', where));
      assert.is(error.code, code, error.message);
      assert.match(error.message, says);
    });
  }

  test('without a compiler the message says which, and how to get it', async () => {
    const error = await failure(() => buildShim({ root, compiler: 'no-such-cc' }));
    assert.is(error.code, 'SHIM_COMPILER');
    assert.match(error.message, /no-such-cc/);
  });

  test('a shim that the two readers see differently is not used', async () => {
    const { bytes } = await build('');
    const elf = readElf(bytes);
    checkReadersAgree(elf, bytes);
    const first = elf.header.phoff;
    for (const [at, what] of [
      [24, 'entry'],
      [first + 4, 'p_flags'],
      [first + 16, 'p_vaddr'],
      [first + 40, 'p_memsz'],
      [elf.header.shoff + 64 + 16, 'sh_addr'],
    ] as const) {
      const other = bytes.slice();
      other[at] = (other[at] ?? 0) ^ 1;
      assert.is(
        codeOf(() => checkReadersAgree(elf, other)),
        'SHIM_READERS_DISAGREE',
        `${what} ${toHex(other.subarray(at, at + 1))}`,
      );
    }
    assert.is(
      codeOf(() => checkReadersAgree(elf, new Uint8Array(8))),
      'SHIM_READERS_DISAGREE',
    );
  });

  test('an instruction that faults is found without objdump as well', async () => {
    const { bytes } = await build('');
    const elf = readElf(bytes);
    checkFaulting(elf, RULES.sgx);
    const text = findSection(elf, '.text');
    assert.ok(text);
    const checked = (code: readonly number[], rules: CodeRules): string => {
      const other = bytes.slice();
      other.set(code, text.offset + Number(elf.header.entry - text.addr));
      return codeOf(() => checkFaulting(readElf(other), rules));
    };
    assert.is(checked([0x0f, 0x33], RULES.sgx), 'SHIM_INSTRUCTION'); // rdpmc
    // rdtsc, which in a VM's shim is for one function, of another name or of this one
    const [name = ''] = symbolIndex(elf).describe(elf.header.entry)?.split('+') ?? [];
    const within = (symbol: string): CodeRules => ({ ...RULES.vm, within: { rdtsc: [symbol] } });
    assert.is(checked([0x0f, 0x31], RULES.vm), 'SHIM_INSTRUCTION');
    assert.is(checked([0x0f, 0x31], within(`${name}_`)), 'SHIM_INSTRUCTION');
    assert.is(checked([0x0f, 0x31], within(name)), 'accepted');
  });
}

test.run();
