// SPDX-License-Identifier: Apache-2.0
// Instructions: each that faults in an enclave, and the code of real programs as objdump takes it apart.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { program } from '@motte/test-helpers/programs';
import type { ProgramName } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { readElf } from '../src/read.js';
import { decode } from '../src/x86/decode.js';
import { FAULTING, faultOf } from '../src/x86/enclave.js';
import { faultingInstructions, instructions } from '../src/x86/scan.js';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** An instruction's bytes, and the name by which it faults; none for its neighbours that do not. */
const ENCODED: readonly (readonly [hex: string, name: string | undefined])[] = [
  ['0f05', 'syscall'],
  ['0fa2', 'cpuid'],
  ['0f34', 'sysenter'],
  ['cd80', 'int'],
  ['cd03', 'int'],
  ['cc', undefined],
  ['48cf', 'iret'],
  ['c3', undefined],
  ['0f31', 'rdtsc'],
  ['0f01f9', 'rdtscp'],
  ['0f01f8', undefined], // swapgs: privileged everywhere
  ['0f33', 'rdpmc'],
  ['0f37', 'getsec'],
  ['0f08', undefined], // invd: privileged everywhere
  ['0f09', undefined], // wbinvd: privileged everywhere
  ['0f00c0', 'sldt'],
  ['480f00442408', 'sldt'],
  ['0f00c8', 'str'],
  ['0f00e0', undefined], // verr
  ['0f0025 00000000', undefined],
  ['0f00e8', undefined], // verw
  ['0f02c1', undefined], // lar
  ['0f03c1', undefined], // lsl
  ['0f0100', 'sgdt'],
  ['0f010c24', 'sidt'],
  ['0f01e0', 'smsw'],
  ['0f01c1', 'vmcall'],
  ['0f01d4', 'vmfunc'],
  ['0f01d0', undefined], // xgetbv
  ['0f01d7', undefined], // enclu
  ['0f01cf', undefined], // encls: #UD at CPL 3 everywhere
  ['0f01c0', undefined], // enclv
  ['f30f01ec', 'uiret'],
  ['f30f01ed', 'testui'],
  ['f30f01ee', 'clui'],
  ['0f01ee', undefined], // rdpkru
  ['f30f01ef', 'stui'],
  ['0f01ef', undefined], // wrpkru
  ['f30fc7f0', 'senduipi'],
  ['f3410fc7f1', 'senduipi'],
  ['0fc7f0', undefined], // rdrand
  ['f30fc7f8', undefined], // rdpid
  ['f30faef7', undefined], // umonitor
  ['f20faef7', undefined], // umwait
  ['660faef7', undefined], // tpause
  ['e460', 'in'],
  ['ec', 'in'],
  ['66ed', 'in'],
  ['e660', 'out'],
  ['ef', 'out'],
  ['f36c', 'ins'],
  ['6f', 'outs'],
  ['48ff1c24', 'far call'],
  ['ff18', 'far call'],
  ['ff10', undefined], // call *(%rax)
  ['ff2d 00000000', 'far jmp'],
  ['ffe0', undefined],
  ['48cb', 'far ret'],
  ['ca0800', 'far ret'],
  ['8ee0', 'mov to a segment register'],
  ['418e1c24', 'mov to a segment register'],
  ['8ce0', undefined], // mov %fs,%eax
  ['0fa1', 'pop to a segment register'],
  ['0fa9', 'pop to a segment register'],
  ['0fa0', undefined], // push %fs
  ['480fb210', 'lss'],
  ['0fb420', 'lfs'],
  ['4c0fb52c24', 'lgs'],
  ['0f18 00', undefined],
  ['c5f877', undefined], // vzeroupper
  ['62f17c4810 05 00000000', undefined], // EVEX
  ['f30f1ec8', undefined], // rdsspd: nothing where there is no shadow stack
];

for (const [hex, name] of ENCODED)
  test(`${hex}: ${name ?? 'runs in an enclave'}`, () => {
    const bytes = bytesOf(hex);
    const instruction = decode(bytes, 0);
    assert.is(instruction.length, bytes.length);
    assert.is(faultOf(instruction, 1)?.name, name);
  });

test('each kind was tried', () => {
  const tried = new Set(ENCODED.map(([, name]) => name));
  assert.equal(
    FAULTING.filter(({ name }) => !tried.has(name)),
    [],
  );
});

test('from SGX2 on the time-stamp counter can be read', () => {
  const faults = (hex: string, sgx: 1 | 2): boolean => faultOf(decode(bytesOf(hex), 0), sgx) !== undefined;
  for (const hex of ['0f31', '0f01f9']) assert.equal([faults(hex, 1), faults(hex, 2)], [true, false]);
  assert.equal([faults('0f33', 1), faults('0f33', 2)], [true, true]);
});

test('any bytes: an instruction ends within them, and is not longer than the CPU takes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 24 }), (bytes) => {
      const { length } = decode(bytes, 0);
      return length >= 0 && length <= Math.min(15, bytes.length);
    }),
    { numRuns: 5000 },
  );
});

const PREFIX = /^(lock|rep\w*|data16|addr32|[cdefgs]s|notrack|bnd|rex\S*) /;

/** Our name of an instruction as objdump writes it. */
function nameOf(text: string): string | undefined {
  let line = text.split('#')[0] ?? '';
  while (PREFIX.test(line)) line = line.replace(PREFIX, '');
  const [mnemonic = '', operands = ''] = line.trim().split(/\s+/);
  const plain = FAULTING.find(({ name }) => new RegExp(`^${name}[bwlq]?$`).test(mnemonic))?.name;
  if (plain !== undefined) return plain;
  const far = /^l(call|jmp|ret)[wlq]?$/.exec(mnemonic);
  if (far !== null) return `far ${far[1]}`;
  return /^(mov|pop)$/.test(mnemonic) && /(^|,)%[c-gs]s$/.test(operands)
    ? `${mnemonic} to a segment register`
    : undefined;
}

interface Listed {
  readonly address: bigint;
  readonly text: string;
}

function objdump(args: readonly string[]): Listed[] {
  const ran = spawnSync('objdump', ['-z', '-w', '--no-show-raw-insn', ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 29,
  });
  assert.is(ran.status, 0, ran.stderr);
  return [...ran.stdout.matchAll(/^\s*([0-9a-f]+):\s+(.+)$/gm)].map(([, address = '', text = '']) => ({
    address: BigInt(`0x${address}`),
    text,
  }));
}

const lacking = spawnSync('objdump', ['--version']).status === 0 ? '' : 'objdump is not installed';
if (lacking !== '') console.log(`skipped: instructions as objdump has them: ${lacking}`);
else {
  test('objdump names the encodings as we do', () => {
    const file = join(tempFolder('motte-x86'), 'all');
    writeFileSync(file, bytesOf(ENCODED.map(([hex]) => hex).join('')));
    const listed = objdump(['-D', '-b', 'binary', '-m', 'i386:x86-64', file]);
    assert.equal(
      listed.map(({ text }) => nameOf(text)),
      ENCODED.map(([, name]) => name),
    );
  });

  const PROGRAMS: readonly ProgramName[] = ['tls-musl', 'lua', 'rust-threads', 'goroutines'];
  for (const name of PROGRAMS) {
    const built = program(name);
    if ('skipped' in built) {
      console.log(`skipped: ${name}: ${built.skipped}`);
      continue;
    }
    test(`the code of ${name} as objdump takes it apart`, () => {
      const elf = readElf(readFileSync(built.path));
      const listed = objdump(['-d', built.path]);
      const theirs = listed.filter(({ text }) => !text.includes('(bad)')).map(({ address }) => address);
      const ours = [...instructions(elf)].map(([address]) => address);
      assert.ok(ours.length > 1000, `${ours.length}`);
      const [oursSet, theirsSet] = [new Set(ours), new Set(theirs)];
      assert.equal(
        theirs.filter((address) => !oursSet.has(address)),
        [],
      );
      assert.equal(
        ours.filter((address) => !theirsSet.has(address)),
        [],
      );
      const shown = (address: bigint, what: string): string => `0x${address.toString(16)} ${what}`;
      assert.equal(
        faultingInstructions(elf, 1).map(({ address, name: what }) => shown(address, what)),
        listed.flatMap(({ address, text }) => {
          const what = nameOf(text);
          return what === undefined ? [] : [shown(address, what)];
        }),
      );
    });
  }
}

test.run();
