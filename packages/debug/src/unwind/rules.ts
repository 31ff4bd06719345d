// SPDX-License-Identifier: Apache-2.0
// Call frame instructions: what the registers of the caller were. DWARF 4, 6.4.2 and 7.23.
import type { Frame } from './eh-frame.js';
import type { Reader } from './reader.js';

/** Where a register of the caller is: at an offset from the CFA, in a register, what an expression says, or as it was. */
export type Rule =
  | { readonly kind: 'same' | 'undefined' }
  | { readonly kind: 'at' | 'value'; readonly offset: bigint }
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'at-expression' | 'value-expression'; readonly code: Reader };

/** Where the CFA is. */
export type CfaRule =
  | { readonly kind: 'register'; readonly register: number; readonly offset: bigint }
  | { readonly kind: 'expression'; readonly code: Reader };

export interface Row {
  readonly cfa: CfaRule | undefined;
  readonly rules: ReadonlyMap<number, Rule>;
}

/** Most instructions of one function that are followed. */
const STEPS = 100_000;

class Machine {
  cfa: CfaRule | undefined;
  rules = new Map<number, Rule>();
  initial = new Map<number, Rule>();
  location: bigint;
  readonly #frame: Frame;
  readonly #saved: { readonly cfa: CfaRule | undefined; readonly rules: Map<number, Rule> }[] = [];
  #steps = 0;

  constructor(frame: Frame) {
    this.#frame = frame;
    this.location = frame.start;
  }

  /** Follows a program until it passes `target`. */
  run(program: Reader, target: bigint): void {
    const code = program.copy();
    for (; code.at < code.end && this.location <= target; this.#steps++) {
      if (this.#steps > STEPS) return;
      const op = code.u8();
      const low = op & 0x3f;
      if (op >> 6 === 1) this.#advance(BigInt(low));
      else if (op >> 6 === 2) this.#offset(low, code.uleb());
      else if (op >> 6 === 3) this.#restore(low);
      else if (!this.#extended(low, code)) return;
    }
  }

  #advance(units: bigint): void {
    this.location += units * this.#frame.common.codeAlign;
  }

  #offset(register: number, factored: bigint, kind: 'at' | 'value' = 'at'): void {
    this.rules.set(register, { kind, offset: factored * this.#frame.common.dataAlign });
  }

  #restore(register: number): void {
    const rule = this.initial.get(register);
    if (rule === undefined) this.rules.delete(register);
    else this.rules.set(register, rule);
  }

  #defineOffset(offset: bigint): void {
    if (this.cfa?.kind === 'register') this.cfa = { ...this.cfa, offset };
  }

  /** False for an instruction that is not known: what it does to the rest cannot be guessed. */
  #extended(op: number, code: Reader): boolean {
    const { dataAlign, encoding } = this.#frame.common;
    const register = (): number => Number(code.uleb());
    switch (op) {
      case 0x00: // nop
        return true;
      case 0x01: // set_loc
        this.location = code.pointer(encoding);
        return true;
      case 0x02: // advance_loc1, 2, 4
        this.#advance(BigInt(code.u8()));
        return true;
      case 0x03:
        this.#advance(BigInt(code.u16()));
        return true;
      case 0x04:
        this.#advance(BigInt(code.u32()));
        return true;
      case 0x05: // offset_extended
        this.#offset(register(), code.uleb());
        return true;
      case 0x06: // restore_extended
        this.#restore(register());
        return true;
      case 0x07: // undefined
        this.rules.set(register(), { kind: 'undefined' });
        return true;
      case 0x08: // same_value
        this.rules.set(register(), { kind: 'same' });
        return true;
      case 0x09: // register
        this.rules.set(register(), { kind: 'register', register: register() });
        return true;
      case 0x0a: // remember_state
        this.#saved.push({ cfa: this.cfa, rules: new Map(this.rules) });
        return true;
      case 0x0b: {
        // restore_state
        const saved = this.#saved.pop();
        if (saved === undefined) return false;
        this.cfa = saved.cfa;
        this.rules = saved.rules;
        return true;
      }
      case 0x0c: // def_cfa
        this.cfa = { kind: 'register', register: register(), offset: code.uleb() };
        return true;
      case 0x0d: // def_cfa_register
        if (this.cfa?.kind === 'register') this.cfa = { ...this.cfa, register: register() };
        return true;
      case 0x0e: // def_cfa_offset
        this.#defineOffset(code.uleb());
        return true;
      case 0x0f: // def_cfa_expression
        this.cfa = { kind: 'expression', code: code.part(Number(code.uleb())) };
        return true;
      case 0x10: // expression
        this.rules.set(register(), { kind: 'at-expression', code: code.part(Number(code.uleb())) });
        return true;
      case 0x11: // offset_extended_sf
        this.#offset(register(), code.sleb());
        return true;
      case 0x12: // def_cfa_sf
        this.cfa = { kind: 'register', register: register(), offset: code.sleb() * dataAlign };
        return true;
      case 0x13: // def_cfa_offset_sf
        this.#defineOffset(code.sleb() * dataAlign);
        return true;
      case 0x14: // val_offset
        this.#offset(register(), code.uleb(), 'value');
        return true;
      case 0x16: // val_expression
        this.rules.set(register(), { kind: 'value-expression', code: code.part(Number(code.uleb())) });
        return true;
      case 0x2e: // GNU_args_size
        code.uleb();
        return true;
      default:
        return false;
    }
  }
}

/** The rules at an address of the function. Throws ELF_TRUNCATED. */
export function rowAt(frame: Frame, address: bigint): Row {
  const machine = new Machine(frame);
  machine.run(frame.common.program, (1n << 64n) - 1n);
  machine.initial = new Map(machine.rules);
  machine.run(frame.program, address);
  return machine;
}
