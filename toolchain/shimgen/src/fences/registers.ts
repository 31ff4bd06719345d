// SPDX-License-Identifier: Apache-2.0
// Sets of registers as bits of a number: the sixteen general ones, the arithmetic flags, and the one of direction.

export type Registers = number;

const WIDE = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const LOW = 'al cl dl bl spl bpl sil dil'.split(' ');

export const NONE: Registers = 0;
export const FLAGS: Registers = 1 << WIDE.length;
export const DIRECTION: Registers = FLAGS << 1;
export const ALL: Registers = (DIRECTION << 1) - 1;

interface Name {
  readonly bit: Registers;
  /** Writing it leaves a part of the register as it was. */
  readonly partial: boolean;
}

const NAMES = new Map<string, Name>();
WIDE.forEach((wide, i) => {
  const own = 1 << i;
  const whole = { bit: own, partial: false };
  const part = { bit: own, partial: true };
  NAMES.set(wide, whole);
  if (i < LOW.length) {
    NAMES.set(`e${wide.slice(1)}`, whole);
    NAMES.set(wide.slice(1), part);
    NAMES.set(LOW[i] ?? '', part);
    if (i < 4) NAMES.set(`${LOW[i]?.[0] ?? ''}h`, part);
  } else {
    NAMES.set(`${wide}d`, whole);
    NAMES.set(`${wide}w`, part);
    NAMES.set(`${wide}b`, part);
  }
});

/** A register by its AT&T name without the percent sign; undefined for what is none of these. */
export function registerOf(name: string): Name | undefined {
  return NAMES.get(name);
}

/** The bit of a register that is known to be one. */
export function bit(name: string): Registers {
  const found = NAMES.get(name);
  if (found === undefined) throw new RangeError(`${name} is no register`);
  return found.bit;
}
