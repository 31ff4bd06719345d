// SPDX-License-Identifier: Apache-2.0
// The DWARF expressions that call frame information has: of PLT entries and of signal frames. DWARF 4, 2.5 and 7.7.1.
import { readWhole } from '../memory.js';
import type { ReadMemory } from '../memory.js';
import type { Reader } from './reader.js';
import type { Registers } from './registers.js';

/** Most operations; there are no loops among them. */
const STEPS = 64;

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);

/** What an expression says, or undefined where it needs what is not there or not known. */
export async function evaluate(
  expression: Reader,
  registers: Registers,
  memory: ReadMemory,
  initial: readonly bigint[],
): Promise<bigint | undefined> {
  const code = expression.copy();
  const stack = [...initial];
  for (let steps = 0; code.at < code.end; steps++) {
    const next = steps < STEPS ? await step(code, registers, memory, stack) : undefined;
    if (next === undefined) return undefined;
    stack.push(next);
  }
  return stack.at(-1);
}

function binary(op: number, a: bigint, b: bigint): bigint | undefined {
  switch (op) {
    case 0x1a: // and
      return a & b;
    case 0x1c: // minus
      return wrap(a - b);
    case 0x21: // or
      return a | b;
    case 0x22: // plus
      return wrap(a + b);
    case 0x24: // shl
      return b < 64n ? wrap(a << b) : 0n;
    case 0x25: // shr
      return b < 64n ? a >> b : 0n;
    case 0x2a: // ge, signed
      return BigInt.asIntN(64, a) >= BigInt.asIntN(64, b) ? 1n : 0n;
    default:
      return undefined;
  }
}

/** One operation: takes from the stack, and gives what is to be pushed. */
async function step(
  code: Reader,
  registers: Registers,
  memory: ReadMemory,
  stack: bigint[],
): Promise<bigint | undefined> {
  const op = code.u8();
  if (op >= 0x30 && op <= 0x4f) return BigInt(op - 0x30); // lit0 …
  if (op >= 0x70 && op <= 0x8f) {
    // breg0 …
    const base = registers.get(op - 0x70);
    const offset = code.sleb();
    return base === undefined ? undefined : wrap(base + offset);
  }
  switch (op) {
    case 0x06: {
      // deref
      const at = stack.pop();
      const view = at === undefined ? undefined : await readWhole(memory, at, 8);
      return view?.getBigUint64(0, true);
    }
    case 0x08: // const1u
      return BigInt(code.u8());
    case 0x0a: // const2u
      return BigInt(code.u16());
    case 0x12: // dup
      return stack.at(-1);
    case 0x23: {
      // plus_uconst
      const value = stack.pop();
      const more = code.uleb();
      return value === undefined ? undefined : wrap(value + more);
    }
  }
  const b = stack.pop();
  const a = stack.pop();
  return a === undefined || b === undefined ? undefined : binary(op, a, b);
}
