// SPDX-License-Identifier: Apache-2.0
// That no value is used before a fence has waited for its load: what instructions do, where fences go, what is refused.
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import { test } from 'uvu';
import { checkFences } from '../src/fences/check.js';
import { effectsOf } from '../src/fences/effects.js';
import { partsOf, placeFences } from '../src/fences/place.js';
import { ALL, DIRECTION, FLAGS, NONE, bit } from '../src/fences/registers.js';
import { parseDisassembly } from '../src/disassembly.js';
import { codeOf } from '@motte/test-helpers/errors';

const NAMED: Readonly<Record<string, number>> = { flags: FLAGS, direction: DIRECTION, all: ALL };
const set = (names: string): number =>
  names
    .split(' ')
    .filter((name) => name !== '')
    .reduce((sum, name) => sum | (NAMED[name] ?? bit(name)), NONE);

// The text, what it exposes, whether it loads, from what it makes what, and what of that it leaves in part.
const EFFECTS: readonly (readonly [string, string, boolean, string, string, string?])[] = [
  ['movq 8(%rdi), %rax', 'rdi', true, '', 'rax'],
  ['mov %gs:0x0,%rax', '', true, '', 'rax'],
  ['movq %rax, 8(%rsp,%rcx,8)', 'rsp rcx', false, '', ''],
  ['movl %ecx, %eax', '', false, 'rcx', 'rax'],
  ['movb %cl, %al', '', false, 'rcx rax', 'rax'],
  ['movzbl (%rax), %eax', 'rax', true, '', 'rax'],
  ['movslq %ecx, %rdx', '', false, 'rcx', 'rdx'],
  ['movabsq $81985529216486895, %rax', '', false, '', 'rax'],
  ['leaq (%rax,%rcx,4), %rdx', '', false, 'rax rcx', 'rdx'],
  ['leaq table(%rip), %rdx', '', false, '', 'rdx'],
  ['addq %rax, %rbx', '', false, 'rax rbx', 'rbx flags'],
  ['addq %rax, (%rbx)', 'rbx', true, 'rax', 'flags'],
  ['xorl %eax, %eax', '', false, '', 'rax flags'],
  ['xorb %al, %al', '', false, 'rax', 'rax flags'],
  ['sbbq %rax, %rax', '', false, 'rax flags', 'rax flags'],
  ['cmpq $0, count(%rip)', '', true, '', 'flags'],
  ['testb $3, 16(%r12)', 'r12', true, '', 'flags'],
  ['btq %rax, %rcx', '', false, 'rax rcx', 'flags'],
  ['btq %rax, (%rcx)', 'all', true, 'all', 'all'],
  ['shrq %cl, %rax', '', false, 'rcx rax', 'rax flags', 'flags'],
  ['incl %eax', '', false, 'rax', 'rax flags', 'flags'],
  ['sall %eax', '', false, 'rax', 'rax flags'],
  ['shrl $5, %eax', '', false, 'rax', 'rax flags'],
  ['wrfsbase %rax', 'rax', false, '', ''],
  ['mulq %rcx', '', false, 'rcx rax rdx', 'rax rdx flags'],
  ['imulq %rcx, %rdx', '', false, 'rcx rdx', 'rdx flags'],
  ['divq %rcx', 'all', false, 'all', 'all'],
  ['cmovnbq 8(%rdi), %rax', 'rdi', true, 'rax flags', 'rax'],
  ['sete %al', '', false, 'rax flags', 'rax'],
  ['lock cmpxchgl %edx, (%rdi)', 'rdi', true, 'rdx rax', 'rdx rax flags'],
  ['xchgl %eax, word(%rip)', '', true, 'rax', 'rax flags'],
  ['pushq %rax', 'rsp', false, '', ''],
  ['popq %rbx', 'rsp', true, '', 'rbx'],
  ['popfq', 'rsp', true, '', 'flags direction'],
  ['cld', '', false, '', 'direction'],
  ['leave', 'rbp', true, '', 'rbp'],
  ['cqto', '', false, 'rax', 'rdx'],
  ['jne .L3', 'flags', false, '', ''],
  ['jmp .L3', '', false, '', ''],
  ['jmp *%rax', 'all', true, 'all', 'all'],
  ['rep stosq', 'rdi rsi rcx direction', false, '', ''],
  ['rep movsq', 'rdi rsi rcx direction', false, '', ''],
  ['repz cmpsb', 'all', true, 'all', 'all'],
  ['vmovdqa (%rdi), %ymm0', 'all', true, 'all', 'all'],
  ['nopw 0x0(%rax,%rax,1)', '', false, '', ''],
];

for (const [text, exposes, loads, from, to, keeps] of EFFECTS) {
  test(`effects: ${text}`, () => {
    const { mnemonic, operands, repeats } = partsOf(text);
    const wanted = {
      exposes: set(exposes),
      loads,
      from: set(from),
      to: set(to),
      ...(keeps === undefined ? {} : { keeps: set(keeps) }),
    };
    assert.equal(effectsOf(mnemonic, operands, repeats), wanted);
  });
}

const PLACED: readonly { readonly name: string; readonly code: string; readonly fenced: string }[] = [
  {
    name: 'one for several loads',
    code: 'movq (%rdi), %rax; movq 8(%rdi), %rcx; movq (%rax), %rdx; testq %rcx, %rcx; je .L1; .L1: ret',
    fenced:
      'movq (%rdi), %rax; movq 8(%rdi), %rcx; lfence; movq (%rax), %rdx; testq %rcx, %rcx; je .L1; .L1: ret',
  },
  {
    name: 'none for what is stored',
    code: 'movq (%rdi), %rax; movq %rax, (%rsi); ret',
    fenced: 'movq (%rdi), %rax; movq %rax, (%rsi); ret',
  },
  {
    name: 'none for what is popped before a return',
    code: 'popq %rbx; popq %rbp; ret',
    fenced: 'popq %rbx; popq %rbp; ret',
  },
  {
    name: 'before a jump to another function',
    code: 'popq %rbx; jmp other',
    fenced: 'popq %rbx; lfence; jmp other',
  },
  {
    name: 'before a call',
    code: 'movq (%rdi), %rdi; call other; ret',
    fenced: 'movq (%rdi), %rdi; lfence; call other; ret',
  },
  {
    name: 'through arithmetic and a move',
    code: 'movq (%rdi), %rax; addq %rsi, %rax; movq %rax, %rdx; movb $0, (%rdx); ret',
    fenced: 'movq (%rdi), %rax; addq %rsi, %rax; movq %rax, %rdx; lfence; movb $0, (%rdx); ret',
  },
  {
    name: 'over a jump that sees nothing of it',
    code: 'movq (%rdi), %rax; testq %rsi, %rsi; je .L1; ret; .L1: movq (%rax), %rax; ret',
    fenced: 'movq (%rdi), %rax; testq %rsi, %rsi; je .L1; ret; .L1: lfence; movq (%rax), %rax; ret',
  },
  {
    name: 'before a loop and not in it',
    code: 'movq (%rdi), %rax; .L1: movb $0, (%rax); incq %rax; cmpq %rsi, %rax; jne .L1; ret',
    fenced: 'movq (%rdi), %rax; lfence; .L1: movb $0, (%rax); incq %rax; cmpq %rsi, %rax; jne .L1; ret',
  },
  {
    name: 'none above what an outlying part jumps back to',
    code: 'movq (%rdi), %rax; testq %rsi, %rsi; je .L2; .L1: movq %rdx, %rax; ret; .L2: jmp .L1',
    fenced: 'movq (%rdi), %rax; testq %rsi, %rsi; je .L2; .L1: movq %rdx, %rax; ret; .L2: jmp .L1',
  },
  {
    name: 'in a loop that loads',
    code: '.L1: movq (%rdi), %rdi; testq %rdi, %rdi; jne .L1; ret',
    fenced: '.L1: movq (%rdi), %rdi; testq %rdi, %rdi; lfence; jne .L1; ret',
  },
];

const lines = (code: string): string[] =>
  code
    .split(/[;\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
/** As GCC writes it. */
const file = (code: string): string =>
  [
    '\t.text',
    'f:',
    ...lines(code.replaceAll(':', ':;')).map((one) => (one.endsWith(':') ? one : `\t${one}`)),
  ].join('\n');

for (const { name, code, fenced } of PLACED) {
  test(`placed: ${name}`, () => {
    assert.equal(lines(placeFences(file(code))), lines(file(fenced)));
  });
}

test('placed: nothing but fences is added, and twice is once', () => {
  fc.assert(
    fc.property(programs(), (program) => {
      const once = placeFences(file(program));
      assert.equal(
        once
          .split('\n')
          .filter((line) => line.trim() !== 'lfence')
          .join('\n'),
        file(program),
      );
      assert.is(placeFences(once), once);
    }),
  );
});

/** Programs of loads, uses and jumps; each jump is to a label that there is. */
function programs(): fc.Arbitrary<string> {
  const register = fc.constantFrom('%rax', '%rcx', '%rdx', '%r8');
  const label = fc.constantFrom('.L0', '.L1', '.L2');
  const plain = fc.oneof(
    fc.tuple(register, register).map(([a, b]) => `movq 8(${a}), ${b}`),
    fc.tuple(register, register).map(([a, b]) => `movq ${a}, ${b}`),
    fc.tuple(register, register).map(([a, b]) => `addq ${a}, ${b}`),
    fc.tuple(register, register).map(([a, b]) => `cmpq ${a}, 8(${b})`),
    fc.tuple(register, register).map(([a, b]) => `movq ${a}, (${b})`),
    label.map((to) => `jne ${to}`),
    fc.constant('call other'),
  );
  const part = fc.array(plain, { maxLength: 8 }).map((all) => all.map((one) => `${one}; `).join(''));
  return fc
    .tuple(part, part, part, part)
    .map((parts) => `${parts.join('.L@: ')}ret`.replaceAll('@', counter()));
}

function counter(): (text: string) => string {
  let next = 0;
  return () => `${next++}`;
}

test('placed: on no way through a program is anything used that was not waited for', () => {
  fc.assert(
    fc.property(programs(), fc.array(fc.boolean(), { maxLength: 60 }), (program, turns) => {
      const code = lines(placeFences(file(program)));
      const ways = [...turns];
      let pending = NONE;
      for (let at = 2, steps = 0; at < code.length && steps < 200; steps++) {
        const line = code[at++] ?? '';
        if (line.endsWith(':')) continue;
        const { mnemonic, operands, repeats } = partsOf(line);
        const { exposes, loads, from, to, keeps = NONE } = effectsOf(mnemonic, operands, repeats);
        if (mnemonic === 'lfence') pending = NONE;
        if (mnemonic === 'ret') break;
        assert.is(pending & exposes, NONE, line);
        pending = loads || pending & from ? pending | to : pending & ~(to & ~keeps);
        if (mnemonic === 'call') pending = NONE;
        if (mnemonic === 'jne' && ways.shift() === true) at = code.indexOf(`${operands}:`);
      }
    }),
    { numRuns: 500 },
  );
});

const linked = (...code: string[]): string =>
  codeOf(() => {
    const text = code.map((line, i) => `  ${(0x1000 + 4 * i).toString(16)}:\t${line}`).join('\n');
    checkFences([...parseDisassembly(`0000000000001000 <f>:\n${text}`)]);
  });

const LINKED: readonly {
  readonly name: string;
  readonly code: readonly string[];
  readonly refused: boolean;
}[] = [
  {
    name: 'an address from memory',
    code: ['mov (%rdi),%rax', 'mov (%rax),%rax', 'lfence', 'ret'],
    refused: true,
  },
  {
    name: 'one behind a fence',
    code: ['mov (%rdi),%rax', 'lfence', 'mov (%rax),%rax', 'lfence', 'ret'],
    refused: false,
  },
  { name: 'a return without a fence', code: ['mov (%rdi),%rax', 'ret'], refused: true },
  { name: 'a return right behind no fence', code: ['xor %eax,%eax', 'ret'], refused: true },
  {
    name: 'a lock that decides',
    code: ['lock cmpxchg %edx,(%rdi)', 'je 1000 <f>', 'lfence', 'ret'],
    refused: true,
  },
  {
    name: 'a jump forward to a use',
    code: ['mov (%rdi),%rax', 'jmp 100c <f+0xc>', 'lfence', 'mov (%rax),%rax'],
    refused: true,
  },
  {
    name: 'a jump backward to a use',
    code: ['lfence', 'mov (%rax),%rcx', 'mov (%rdi),%rax', 'jmp 1004 <f+0x4>'],
    refused: true,
  },
  { name: 'a jump to nowhere with a load', code: ['mov (%rdi),%rax', 'jmp 2000 <g>'], refused: true },
  {
    name: 'an argument from memory',
    code: ['mov (%rdi),%rdi', 'call 1000 <f>', 'lfence', 'ret'],
    refused: true,
  },
  {
    name: 'flags from memory at a call',
    code: ['popf', 'cld', 'call 1010 <f+0x10>', 'lfence', 'ret'],
    refused: false,
  },
  {
    name: 'a direction from memory at a call',
    code: ['popf', 'call 1000 <f>', 'lfence', 'ret'],
    refused: true,
  },
  { name: 'flags of a caller', code: ['jne 1000 <f>', 'lfence', 'ret'], refused: true },
  {
    name: 'an instruction that nobody knows',
    code: ['mov (%rdi),%rax', 'vpaddd %ymm0,%ymm1,%ymm2', 'lfence', 'ret'],
    refused: true,
  },
];

for (const { name, code, refused } of LINKED) {
  test(`linked: ${name}`, () => {
    assert.is(linked(...code), refused ? 'SHIM_FENCE' : 'accepted');
  });
}

test.run();
