// SPDX-License-Identifier: Apache-2.0
// What an instruction does to values that a load may have been made to give wrongly (docs/adr/0005), by its AT&T text as
// GCC writes it and as objdump shows it.
import { ALL, DIRECTION, FLAGS, NONE, bit, registerOf } from './registers.js';
import type { Registers } from './registers.js';

/**
 * `to` becomes what `from` and, if it `loads`, memory make of it. `exposes` is what others can see of the values it has:
 * by an address, a branch, or a time. What is stored is not seen until it is loaded again.
 */
export interface Effects {
  readonly exposes: Registers;
  readonly loads: boolean;
  readonly from: Registers;
  readonly to: Registers;
  /** Of `to`, what stays in part as it was. */
  readonly keeps?: Registers;
}

const RSP = bit('rsp');
const NOTHING: Effects = { exposes: NONE, loads: false, from: NONE, to: NONE };

/** Unknown: whatever is in registers may be seen, and may depend on what it loads. */
const unknown = (loads: boolean): Effects => ({ exposes: ALL, loads, from: ALL, to: ALL });

interface Operand {
  /** Of a memory operand those of its address, of a register itself. */
  readonly registers: Registers;
  readonly memory: boolean;
  /** A register of which writing leaves a part. */
  readonly partial: boolean;
}

/** Operands at commas outside of parentheses. */
function split(text: string): string[] {
  return text === '' ? [] : text.split(/,(?![^(]*\))/).map((one) => one.trim());
}

/** Undefined for registers that are not followed: those of segments and of extended state. */
function operandOf(text: string): Operand | undefined {
  if (text.startsWith('$')) return { registers: NONE, memory: false, partial: false };
  const name = /^%(\w+)$/.exec(text)?.[1];
  if (name !== undefined) {
    const found = registerOf(name);
    return found && { registers: found.bit, memory: false, partial: found.partial };
  }
  const inner = /\(([^)]*)\)$/.exec(text)?.[1] ?? '';
  let registers = NONE;
  for (const [, one] of inner.matchAll(/%(\w+)/g)) {
    if (one !== undefined && one !== 'rip') registers |= registerOf(one)?.bit ?? ALL;
  }
  return { registers, memory: true, partial: false };
}

type Rule = (operands: readonly Operand[], text: string) => Effects | undefined;

const values = (operands: readonly Operand[]): Registers =>
  operands.reduce((sum, { memory, registers }) => (memory ? sum : sum | registers), NONE);
const addresses = (operands: readonly Operand[]): Registers =>
  operands.reduce((sum, { memory, registers }) => (memory ? sum | registers : sum), NONE);

/** The last operand is made anew of the others. */
const move: Rule = (operands) => {
  const to = operands.at(-1);
  if (operands.length !== 2 || to === undefined) return undefined;
  const exposes = addresses(operands);
  if (to.memory) return { ...NOTHING, exposes };
  const from = values(operands.slice(0, -1)) | (to.partial ? to.registers : NONE);
  return { exposes, loads: operands[0]?.memory ?? false, from, to: to.registers };
};

interface Arithmetic {
  /** Flags that it reads. */
  readonly reads?: boolean;
  /** It sets flags, and what else. */
  readonly sets: 'flags' | 'operand' | 'both';
}

/** The last operand, flags or both are made of all operands. */
const arithmetic =
  ({ reads = false, sets }: Arithmetic): Rule =>
  (operands) => {
    const last = operands.at(-1);
    if (last === undefined) return undefined;
    const to =
      (sets !== 'operand' ? FLAGS : NONE) | (sets !== 'flags' && !last.memory ? last.registers : NONE);
    return {
      exposes: addresses(operands),
      loads: operands.some(({ memory }) => memory),
      from: values(operands) | (reads ? FLAGS : NONE),
      to,
    };
  };

/** Of a register and itself nothing is left. */
const zeroing =
  (otherwise: Rule): Rule =>
  (operands, text) => {
    const [a, b] = split(text);
    if (a !== b || a?.startsWith('%') !== true || operands[0]?.partial === true)
      return otherwise(operands, text);
    return { ...NOTHING, to: values(operands) | FLAGS };
  };

/** RDX:RAX of RAX and the operand; with two or three, as others. */
const multiply: Rule = (operands, text) => {
  if (operands.length !== 1) return arithmetic({ sets: 'both' })(operands, text);
  const loads = operands[0]?.memory ?? false;
  const wide = bit('rax') | bit('rdx');
  return { exposes: addresses(operands), loads, from: values(operands) | wide, to: wide | FLAGS };
};

/** Both operands, and RAX of a comparison: with a lock or without. */
const exchange =
  (more: Registers): Rule =>
  (operands) => ({
    exposes: addresses(operands),
    loads: operands.some(({ memory }) => memory),
    from: values(operands) | more,
    to: values(operands) | more | FLAGS,
  });

/** In memory the number of the bit would be a part of the address. */
const bits =
  (sets: Arithmetic['sets']): Rule =>
  (operands, text) =>
    operands.at(-1)?.memory === true ? undefined : arithmetic({ sets })(operands, text);

/** What they load is extended state, which the shim has no other use for. */
const extended: Rule = (operands) => ({ ...NOTHING, exposes: addresses(operands) | bit('rax') | bit('rdx') });

const push: Rule = (operands) => ({ ...NOTHING, exposes: addresses(operands) | RSP });
const pop: Rule = (operands) =>
  operands[0]?.memory === true ? undefined : { exposes: RSP, loads: true, from: NONE, to: values(operands) };

const both = arithmetic({ sets: 'both' });
const carrying = arithmetic({ sets: 'both', reads: true });
/** Of the flags they leave some. */
const keeping: Rule = (operands, text) => {
  const effects = both(operands, text);
  return effects && { ...effects, keeps: FLAGS };
};
/** By nothing, which only CL can hold, they leave all. */
const shift: Rule = (operands, text) => (text.startsWith('%cl') ? keeping : both)(operands, text);
const fixed =
  (effects: Partial<Effects>): Rule =>
  () => ({ ...NOTHING, ...effects });

const RULES: Readonly<Record<string, Rule>> = {
  mov: move,
  movabs: move,
  lea: (operands) => {
    const [source, to] = operands;
    return (
      to &&
      source && { ...NOTHING, from: source.registers | (to.partial ? to.registers : NONE), to: to.registers }
    );
  },
  add: both,
  or: both,
  and: both,
  sub: zeroing(both),
  xor: zeroing(both),
  adc: carrying,
  sbb: carrying,
  neg: both,
  not: arithmetic({ sets: 'operand' }),
  inc: keeping,
  dec: keeping,
  shl: shift,
  sal: shift,
  shr: shift,
  sar: shift,
  rol: shift,
  ror: shift,
  bswap: arithmetic({ sets: 'operand' }),
  bsr: both,
  bsf: both,
  bt: bits('flags'),
  btc: bits('both'),
  btr: bits('both'),
  bts: bits('both'),
  imul: multiply,
  mul: multiply,
  cmp: arithmetic({ sets: 'flags' }),
  test: arithmetic({ sets: 'flags' }),
  xchg: exchange(NONE),
  cmpxchg: exchange(bit('rax')),
  xadd: exchange(NONE),
  push,
  pushf: fixed({ exposes: RSP }),
  pop,
  popf: fixed({ exposes: RSP, loads: true, to: FLAGS | DIRECTION }),
  leave: fixed({ exposes: bit('rbp'), loads: true, to: bit('rbp') }),
  cltq: fixed({ from: bit('rax'), to: bit('rax') }),
  cwtl: fixed({ from: bit('rax'), to: bit('rax') }),
  cltd: fixed({ from: bit('rax'), to: bit('rdx') }),
  cqto: fixed({ from: bit('rax'), to: bit('rdx') }),
  xsave: extended,
  xsave64: extended,
  xrstor: extended,
  xrstor64: extended,
  wrfsbase: (operands) => ({ ...NOTHING, exposes: values(operands) }),
  enclu: fixed({ exposes: ALL & ~FLAGS, to: FLAGS }),
  rdrand: (operands) => ({ ...NOTHING, to: values(operands) | FLAGS }),
  rdseed: (operands) => ({ ...NOTHING, to: values(operands) | FLAGS }),
  nop: fixed({}),
  lfence: fixed({}),
  pause: fixed({}),
  cld: fixed({ to: DIRECTION }),
  std: fixed({ to: DIRECTION }),
  ud2: fixed({}),
  endbr64: fixed({}),
};

/** The string instructions whose loads are only stored; their addresses and their count are seen. */
const STRINGS = /^(rep )?(stos|movs)[bwlq]?$/;
const STRING_REGISTERS = bit('rdi') | bit('rsi') | bit('rcx') | DIRECTION;

const JUMP = /^j(?!mp|cxz|ecxz|rcxz)[a-z]+$/;
const CONDITIONAL_MOVE = /^cmovn?[a-z]{1,3}$/;
const SET = /^setn?[a-z]{1,2}$/;
const EXTENDING = /^mov[sz][bwl][wlq]?$/;

function ruleOf(mnemonic: string): Rule | undefined {
  if (Object.hasOwn(RULES, mnemonic)) return RULES[mnemonic];
  const short = mnemonic.replace(/[bwlq]$/, '');
  if (Object.hasOwn(RULES, short)) return RULES[short];
  if (CONDITIONAL_MOVE.test(mnemonic)) return arithmetic({ sets: 'operand', reads: true });
  if (EXTENDING.test(mnemonic)) return move;
  if (SET.test(mnemonic)) {
    return ([to]) =>
      to && { exposes: addresses([to]), loads: false, from: FLAGS | values([to]), to: values([to]) };
  }
  return undefined;
}

/** The effects of an instruction but for those of its place: where it goes on is flow.ts's. */
export function effectsOf(mnemonic: string, operands: string, repeats: boolean): Effects {
  if (JUMP.test(mnemonic)) return { ...NOTHING, exposes: FLAGS };
  // Flags are no argument: whoever is called makes its own.
  if (/^callq?$/.test(mnemonic) && !operands.startsWith('*')) return { ...NOTHING, exposes: ALL & ~FLAGS };
  if (mnemonic === 'jmp' && !operands.startsWith('*')) return NOTHING;
  if (STRINGS.test(mnemonic)) return { ...NOTHING, exposes: STRING_REGISTERS };
  const texts = split(operands);
  const parsed = texts.map(operandOf);
  const memory = parsed.some((one) => one?.memory === true);
  const all = parsed.filter((one) => one !== undefined);
  const rule = repeats || all.length !== parsed.length ? undefined : ruleOf(mnemonic);
  return rule?.(all, operands) ?? unknown(memory || repeats);
}
