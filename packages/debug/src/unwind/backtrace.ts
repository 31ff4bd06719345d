// SPDX-License-Identifier: Apache-2.0
import { readWhole } from '../memory.js';
import type { ReadMemory } from '../memory.js';
import type { Program } from '../program.js';
import { frameAt, readFrames } from './eh-frame.js';
import type { Frame } from './eh-frame.js';
import { evaluate } from './expression.js';
import { RBP, RIP, RSP } from './registers.js';
import type { Registers } from './registers.js';
import { rowAt } from './rules.js';
import type { Rule } from './rules.js';

/** A function that has not returned. */
export interface StackFrame {
  /** Where it goes on. */
  readonly address: bigint;
  /** An address within the instruction that it is at: one before where a call returns to. */
  readonly within: bigint;
  /** It is what a signal handler returns to. */
  readonly signal: boolean;
}

/** Most functions of one backtrace. */
const MOST = 64;

interface Step {
  readonly registers: Registers;
  readonly cfa: bigint;
}

async function word(memory: ReadMemory, address: bigint): Promise<bigint | undefined> {
  return (await readWhole(memory, address, 8))?.getBigUint64(0, true);
}

async function ruled(
  rule: Rule,
  register: number,
  { registers, cfa }: Step,
  memory: ReadMemory,
): Promise<bigint | undefined> {
  switch (rule.kind) {
    case 'same':
      return registers.get(register);
    case 'undefined':
      return undefined;
    case 'at':
      return word(memory, cfa + rule.offset);
    case 'value':
      return cfa + rule.offset;
    case 'register':
      return registers.get(rule.register);
    case 'at-expression': {
      const at = await evaluate(rule.code, registers, memory, [cfa]);
      return at === undefined ? undefined : word(memory, at);
    }
    case 'value-expression':
      return evaluate(rule.code, registers, memory, [cfa]);
  }
}

/** The caller's registers by what .eh_frame says at `address`, or undefined. */
async function byFrame(
  frame: Frame,
  address: bigint,
  registers: Registers,
  memory: ReadMemory,
): Promise<Step | undefined> {
  const { cfa: cfaRule, rules } = rowAt(frame, address);
  if (cfaRule === undefined) return undefined;
  const base = cfaRule.kind === 'register' ? registers.get(cfaRule.register) : undefined;
  const cfa =
    cfaRule.kind === 'expression'
      ? await evaluate(cfaRule.code, registers, memory, [])
      : base === undefined
        ? undefined
        : BigInt.asUintN(64, base + cfaRule.offset);
  if (cfa === undefined) return undefined;
  const next = new Map(registers);
  next.set(RSP, cfa);
  next.delete(RIP);
  for (const [register, rule] of rules) {
    const value = await ruled(rule, register, { registers, cfa }, memory);
    const to = register === frame.common.returnColumn ? RIP : register;
    if (value === undefined) next.delete(to);
    else next.set(to, BigInt.asUintN(64, value));
  }
  return { registers: next, cfa };
}

/** The caller's registers where RBP points to the caller's, as code with frame pointers has it. */
async function byPointer(registers: Registers, memory: ReadMemory): Promise<Step | undefined> {
  const rbp = registers.get(RBP);
  const view = rbp === undefined ? undefined : await readWhole(memory, rbp, 16);
  if (rbp === undefined || view === undefined) return undefined;
  const next = new Map(registers);
  next.set(RBP, view.getBigUint64(0, true));
  next.set(RIP, view.getBigUint64(8, true));
  next.set(RSP, rbp + 16n);
  return { registers: next, cfa: rbp + 16n };
}

/** The caller's registers where nothing was executed after a call: of a bad function pointer. */
async function byCall(registers: Registers, memory: ReadMemory): Promise<Step | undefined> {
  const rsp = registers.get(RSP);
  const rip = rsp === undefined ? undefined : await word(memory, rsp);
  if (rsp === undefined || rip === undefined) return undefined;
  return { registers: new Map(registers).set(RIP, rip).set(RSP, rsp + 8n), cfa: rsp + 8n };
}

/**
 * The functions that have not returned, the innermost first. Everything that is followed is the program's to choose, so the
 * number of functions is bounded, and each must be further up the stack than the one before.
 */
export async function backtrace(
  program: Program,
  start: Registers,
  memory: ReadMemory,
): Promise<StackFrame[]> {
  const frames = readFrames(program.elf);
  const out: StackFrame[] = [];
  let registers = start;
  let isCall = false;
  while (out.length < MOST) {
    const address = registers.get(RIP);
    if (address === undefined || (address === 0n && isCall)) break;
    const within = isCall ? address - 1n : address;
    const frame = frameAt(frames, within - program.bias);
    out.push({ address, within, signal: frame?.common.signal === true });
    const isBadPointer = frame === undefined && !isCall;
    const step =
      frame !== undefined
        ? await byFrame(frame, within - program.bias, registers, memory)
        : await (isBadPointer ? byCall : byPointer)(registers, memory);
    const rsp = registers.get(RSP);
    if (step === undefined || (rsp !== undefined && step.cfa <= rsp && !(frame?.common.signal ?? false)))
      break;
    isCall = frame?.common.signal !== true;
    registers = step.registers;
  }
  return out;
}
