// SPDX-License-Identifier: Apache-2.0
// Each kind of instruction as objdump 2.40 spells it.
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { codeOf } from '@motte/test-helpers/errors';
import { checkInstructions, parseDisassembly } from '../src/disassembly.js';
import { RULES } from '../src/instructions.js';

const listing = (...lines: string[]): string =>
  ['', '0000000000001000 <f>:', ...lines.map((line, i) => `    ${(0x1000 + i).toString(16)}:\t${line}`)].join(
    '\n',
  );

const codeOfLine = (line: string, sites: { offset: number; kind: number }[] = []): string =>
  codeOf(() => checkInstructions(parseDisassembly(listing(line)), { sites }, ['exec_enter'], RULES.sgx));

const codeInVm = (
  line: string,
  user?: { vaddr: bigint; memsz: number },
  sites: { offset: number; kind: number }[] = [],
): string =>
  codeOf(() =>
    checkInstructions(
      parseDisassembly(listing(line)),
      { sites, ...(user === undefined ? {} : { user }) },
      [],
      RULES.vm,
    ),
  );

test('lines are taken apart: address, symbol, mnemonic without prefixes, operands', () => {
  const text = listing(
    'lock cmpxchg %edx,%gs:0x10',
    'data16 cs nopw 0x0(%rax,%rax,1)',
    'call   2000 <g> # 2000 <g>',
    'ret',
  );
  assert.equal(
    [...parseDisassembly(text)],
    [
      { address: 0x1000, symbol: 'f', mnemonic: 'cmpxchg', operands: '%edx,%gs:0x10', repeats: false },
      { address: 0x1001, symbol: 'f', mnemonic: 'nopw', operands: '0x0(%rax,%rax,1)', repeats: false },
      { address: 0x1002, symbol: 'f', mnemonic: 'call', operands: '2000 <g>', repeats: false },
      { address: 0x1003, symbol: 'f', mnemonic: 'ret', operands: '', repeats: false },
    ],
  );
});

for (const line of [
  'mov    %rax,%gs:0x8',
  'mov    %fs:0x28,%rax',
  'rep stos %al,%es:(%rdi)',
  'lock xadd %rax,(%rdi)',
  'popf',
  'lfence',
  'rdrand %rax',
  'rdseed %rax',
  'ud2',
  'xrstor 0x20(%rip)        # 3000 <xstate_init>',
  'xsave64 0x400(%rcx)',
  'ldmxcsr (%rsp)',
  'fninit',
  'bswap  %rax',
  'call   1000 <f>',
  'jmp    1000 <f>',
]) {
  test(`${line}: allowed`, () => {
    assert.is(codeOfLine(line), 'accepted');
  });
}

for (const line of [
  'cpuid',
  'syscall',
  'sysenter',
  'int    $0x80',
  'int3',
  'iretq',
  'in     (%dx),%al',
  'insl   (%dx),%es:(%rdi)',
  'out    %eax,(%dx)',
  'outsb  %ds:(%rsi),(%dx)',
  'rdtsc',
  'rdtscp',
  'rdpmc',
  'hlt',
  'cli',
  'swapgs',
  'rdmsr',
  'wrmsr',
  'vmcall',
  'vmfunc',
  'getsec',
  'sgdt   (%rax)',
  'encls',
  'enclv',
  'lret',
  'lcall  *(%rax)',
  'lss    (%rax),%esp',
  'mov    %eax,%ds',
  'pop    %fs',
  'xsetbv',
  'movaps %xmm0,(%rsp)',
  'vpxor  %ymm0,%ymm0,%ymm0',
  'kmovw  %k1,%eax',
  'fld1',
  'fldt   (%rax)',
  'fxsave (%rax)',
  'stmxcsr (%rsp)',
  'emms',
  'vzeroupper',
  'movq   %mm0,%rax',
  '(bad)',
]) {
  test(`${line}: refused`, () => {
    assert.is(codeOfLine(line), 'SHIM_INSTRUCTION');
  });
}

for (const line of [
  'wrmsr',
  'rdmsr',
  'swapgs',
  'lgdt   (%rax)',
  'lidt   (%rax)',
  'ltr    %ax',
  'iretq',
  'sysretq',
  'invlpg (%rax)',
  'mov    %rax,%cr3',
  'out    %eax,(%dx)',
  'cpuid',
  'hlt',
  'stac',
  'clac',
  'cli',
  'mov    %eax,%ds',
  'fxsave64 (%rax)',
  'fxrstor64 (%rax)',
  'xsave64 (%rax)',
  'xrstor64 (%rax)',
  'xgetbv',
  'xsetbv',
  'rdrand %rax',
]) {
  test(`vm: ${line}: allowed`, () => {
    assert.is(codeInVm(line), 'accepted');
  });
}

for (const line of [
  'syscall',
  'sysenter',
  'int    $0x80',
  'int3',
  'iret',
  'sysretl',
  'lret',
  'in     (%dx),%eax',
  'outsb  %ds:(%rsi),(%dx)',
  'vmmcall',
  'vmcall',
  'tdcall',
  'vmrun',
  'enclu',
  'sti',
  'rdtsc',
  'rdtscp',
  'wrfsbase %rax',
  'rdgsbase %rax',
  'popcnt %rax,%rax',
  'crc32b %al,%eax',
  'cmpxchg16b (%rax)',
  'invpcid (%rax),%rax',
  'movaps %xmm0,(%rsp)',
  'vpxor  %ymm0,%ymm0,%ymm0',
  'kmovw  %k1,%eax',
  'fld1',
  'emms',
  'stmxcsr (%rsp)',
  '(bad)',
]) {
  test(`vm: ${line}: refused`, () => {
    assert.is(codeInVm(line), 'SHIM_INSTRUCTION');
  });
}

test('vm: SYSCALL is for the page of ring 3 alone', () => {
  assert.is(codeInVm('syscall', { vaddr: 0x1000n, memsz: 2 }), 'accepted');
  assert.is(codeInVm('syscall', { vaddr: 0xffen, memsz: 2 }), 'SHIM_INSTRUCTION');
  assert.is(codeInVm('syscall', { vaddr: 0x1001n, memsz: 2 }), 'SHIM_INSTRUCTION');
  assert.is(codeInVm('sti', { vaddr: 0x1000n, memsz: 2 }), 'SHIM_INSTRUCTION');
});

const codeWithin = (symbol: string, line: string): string =>
  codeOf(() =>
    checkInstructions(parseDisassembly(`0 <${symbol}>:\n 0: ${line}\n`), { sites: [] }, [], RULES.vm),
  );

test('vm: RDTSC is for the one function that goes on from the host’s last word', () => {
  assert.is(codeWithin('platform_clock', 'rdtsc'), 'accepted');
  assert.is(codeWithin('clock_from', 'rdtsc'), 'SHIM_INSTRUCTION');
  assert.is(codeWithin('platform_clock', 'rdtscp'), 'SHIM_INSTRUCTION');
});

test('vm: INT3 is for asking ring 0 on a KVM in software, and where SYSCALL leads to there', () => {
  assert.is(codeWithin('pvm_out', 'int3'), 'accepted');
  assert.is(codeWithin('pvm_breakpoint', 'int3'), 'SHIM_INSTRUCTION');
  assert.is(codeInVm('int3', { vaddr: 0x1000n, memsz: 1 }), 'accepted');
});

test('an indirect branch is allowed in a symbol of the list alone', () => {
  for (const line of ['call   *%rax', 'jmp    *0x8(%rax)', 'notrack jmp *%rax']) {
    assert.is(codeOfLine(line), 'SHIM_BRANCH');
    const allowed = checkInstructions(parseDisassembly(listing(line)), { sites: [] }, ['f'], RULES.sgx);
    assert.equal(allowed, { instructions: 1, indirect: ['f'] });
  }
});

test('ENCLU, WRFSBASE and RDFSBASE must be listed, as what they are', () => {
  for (const [line, kind] of [
    ['enclu', 1],
    ['wrfsbase %rax', 2],
    ['rdfsbase %rax', 3],
  ] as const) {
    assert.is(codeOfLine(line), 'SHIM_SITE_UNLISTED');
    assert.is(codeOfLine(line, [{ offset: 0x1001, kind }]), 'SHIM_SITE_UNLISTED');
    assert.is(codeOfLine(line, [{ offset: 0x1000, kind: (kind % 3) + 1 }]), 'SHIM_SITE_UNLISTED');
    assert.is(codeOfLine(line, [{ offset: 0x1000, kind }]), 'accepted');
  }
});

test('VMGEXIT and PVALIDATE must be listed, as what they are; VMMCALL is none of them', () => {
  for (const [line, kind] of [
    ['vmgexit', 4],
    ['pvalidate', 5],
  ] as const) {
    assert.is(codeInVm(line), 'SHIM_SITE_UNLISTED');
    assert.is(codeInVm(line, undefined, [{ offset: 0x1001, kind }]), 'SHIM_SITE_UNLISTED');
    assert.is(codeInVm(line, undefined, [{ offset: 0x1000, kind: 9 - kind }]), 'SHIM_SITE_UNLISTED');
    assert.is(codeInVm(line, undefined, [{ offset: 0x1000, kind }]), 'accepted');
  }
  assert.is(codeInVm('vmmcall'), 'SHIM_INSTRUCTION');
});

test.run();
