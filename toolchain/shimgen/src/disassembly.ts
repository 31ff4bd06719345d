// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { Shim } from '@motte/elf/shim';
import type { Segment } from '@motte/elf/types';
import { EXTENDED_REGISTER, EXTENDED_STATE, PREFIXES } from './instructions.js';
import type { CodeRules } from './instructions.js';
import { run } from './run.js';

/** One instruction as objdump shows it. */
export interface Instruction {
  readonly address: number;
  /** The symbol that it belongs to. */
  readonly symbol: string;
  readonly mnemonic: string;
  readonly operands: string;
  /** It has a REP prefix. */
  readonly repeats: boolean;
}

const SYMBOL = /^[0-9a-f]+ <(.+)>:$/;
const LINE = /^\s*([0-9a-f]+):\s+(.+)$/;

/** The instructions in objdump's output. */
export function* parseDisassembly(text: string): Generator<Instruction> {
  let symbol = '';
  for (const line of text.split('\n')) {
    symbol = SYMBOL.exec(line)?.[1] ?? symbol;
    const [, address, rest] = LINE.exec(line) ?? [];
    if (address === undefined || rest === undefined) continue;
    const words = (rest.split('#')[0] ?? '').trim().split(/\s+/);
    let repeats = false;
    while (words.length > 1 && PREFIXES.has(words[0] ?? ''))
      repeats = words.shift()?.startsWith('rep') === true || repeats;
    const [mnemonic = '', ...operands] = words;
    yield { address: Number.parseInt(address, 16), symbol, mnemonic, operands: operands.join(' '), repeats };
  }
}

function refusalOf(one: Instruction, rules: CodeRules, user: boolean): string | undefined {
  const { mnemonic, operands, symbol } = one;
  if (user && rules.user.has(mnemonic)) return undefined;
  if (rules.within?.[mnemonic]?.includes(symbol) === true) return undefined;
  const listed = rules.refused.find(
    ({ mnemonics, operands: those }) => mnemonics.test(mnemonic) && those?.test(operands) !== false,
  );
  if (listed !== undefined) return listed.why;
  const extended = EXTENDED_STATE.test(mnemonic) || EXTENDED_REGISTER.test(operands);
  return extended && !rules.extended.has(mnemonic) ? 'touches extended state' : undefined;
}

const shown = ({ symbol, mnemonic, operands }: Instruction): string =>
  `${mnemonic}${operands === '' ? '' : ` ${operands}`} in ${symbol}`;

/** What the code of a shim was found to have. */
export interface CodeReport {
  readonly instructions: number;
  /** Symbols with an indirect branch, each allowed by the manifest. */
  readonly indirect: readonly string[];
}

/** Of a shim what its instructions are held against. */
export interface CheckedCode extends Pick<Shim, 'sites'> {
  /** The page that ring 3 executes, where there is one. */
  readonly user?: Pick<Segment, 'vaddr' | 'memsz'>;
}

/**
 * Checks each instruction of a shim. Throws SHIM_INSTRUCTION, SHIM_BRANCH for an indirect call or jump in a symbol
 * that is not in `allowed`, SHIM_SITE_UNLISTED for one that .motte.sites should list.
 */
export function checkInstructions(
  instructions: Iterable<Instruction>,
  shim: CheckedCode,
  allowed: readonly string[],
  rules: CodeRules,
): CodeReport {
  const userStart = Number(shim.user?.vaddr ?? 0n);
  const userEnd = userStart + (shim.user?.memsz ?? 0);
  const sites = new Map(shim.sites.map(({ offset, kind }) => [offset, kind]));
  const indirect = new Set<string>();
  let count = 0;
  for (const one of instructions) {
    count++;
    const why = refusalOf(one, rules, one.address >= userStart && one.address < userEnd);
    if (why !== undefined) {
      throw new MotteError('SHIM_INSTRUCTION', { field: shown(one), message: why, offset: one.address });
    }
    if (/^(call|jmp)[wlq]?$/.test(one.mnemonic) && one.operands.startsWith('*')) {
      if (!allowed.includes(one.symbol)) {
        const expected = allowed.length === 0 ? 'none' : `only in ${allowed.join(', ')}`;
        throw new MotteError('SHIM_BRANCH', {
          field: shown(one),
          expected,
          found: one.symbol,
          offset: one.address,
        });
      }
      indirect.add(one.symbol);
    }
    const kind = rules.sites[one.mnemonic];
    if (kind !== undefined && sites.get(one.address) !== kind) {
      throw new MotteError('SHIM_SITE_UNLISTED', { field: shown(one), offset: one.address });
    }
  }
  return { instructions: count, indirect: [...indirect].sort() };
}

/** The view that objdump, or the one that `command` names, has of the code in an ELF file. Throws SHIM_COMPILER without objdump. */
export async function disassemble(file: string, command = 'objdump'): Promise<string> {
  const { status, stdout, stderr } = await run(command, ['-d', '-z', '-w', '--no-show-raw-insn', file]);
  if (status !== 0) {
    const found = status === 127 ? 'not on PATH' : stderr.trim();
    throw new MotteError('SHIM_COMPILER', { field: command, expected: 'to disassemble the shim', found });
  }
  return stdout;
}
