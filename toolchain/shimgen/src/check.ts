// SPDX-License-Identifier: Apache-2.0
import elfy from 'elfy';
import { MotteError } from '@motte/binary/error';
import { PF, SHF } from '@motte/elf/constants';
import { compareWithElfy } from '@motte/elf/elfy-fields';
import { readElf } from '@motte/elf/read';
import { checkShim } from '@motte/elf/shim';
import type { Shim } from '@motte/elf/shim';
import type { Elf } from '@motte/elf/types';
import { userSegment } from '@motte/elf/user-page';
import { faultingInstructions } from '@motte/elf/x86/scan';
import { checkInstructions, disassemble, parseDisassembly } from './disassembly.js';
import type { CheckedCode, CodeReport } from './disassembly.js';
import { RULES } from './instructions.js';
import type { CodeRules } from './instructions.js';
import { checkFences } from './fences/check.js';
import type { Manifest } from './manifest.js';

/** Alignment of functions; what lies between two sections of code is less. */
const MOST_PADDING = 64n;

/** Throws SHIM_READERS_DISAGREE for the first field that elfy reads as something else than `elf` has. */
export function checkReadersAgree(elf: Elf, bytes: Uint8Array): void {
  let parsed: unknown;
  try {
    parsed = elfy.parse(Buffer.from(bytes));
  } catch (cause) {
    throw new MotteError('SHIM_READERS_DISAGREE', {
      expected: 'elfy to read it',
      found: String(cause),
      cause,
    });
  }
  const [first] = compareWithElfy(elf, parsed);
  if (first === undefined) return;
  throw new MotteError('SHIM_READERS_DISAGREE', {
    field: first.field,
    expected: `${first.ours} (@motte/elf)`,
    found: `${first.elfy} (elfy)`,
  });
}

/**
 * Throws SHIM_INSTRUCTION when executable memory holds something else than code: objdump, and so the check of the
 * instructions, looks at executable sections alone.
 */
export function checkOnlyCode({ elf, loads }: Pick<Shim, 'elf' | 'loads'>): void {
  for (const load of loads.filter(({ flags }) => (flags & PF.X) !== 0)) {
    const end = load.vaddr + BigInt(load.filesz);
    const within = elf.sections
      .filter(
        ({ addr, size, flags }) => size > 0 && (flags & SHF.ALLOC) !== 0n && addr < end && addr >= load.vaddr,
      )
      .sort((a, b) => Number(a.addr - b.addr));
    let at = load.vaddr;
    for (const { name, addr, size, flags } of [
      ...within,
      { name: '', addr: end, size: 0, flags: SHF.EXECINSTR },
    ]) {
      if ((flags & SHF.EXECINSTR) === 0n || addr - at >= MOST_PADDING) {
        throw new MotteError('SHIM_INSTRUCTION', {
          field: (flags & SHF.EXECINSTR) === 0n ? name : 'a gap between sections',
          message: 'executable memory with something else than code in it, which no disassembler looks at',
          offset: at,
        });
      }
      at = addr + BigInt(size);
    }
  }
}

/**
 * Throws SHIM_INSTRUCTION for the first instruction that `motte lint` names and no shim of the TEE may have: a second
 * reading, by no tool of others.
 */
export function checkFaulting(elf: Elf, rules: CodeRules, user?: CheckedCode['user']): void {
  const isUser = (address: bigint): boolean =>
    user !== undefined && address >= user.vaddr && address < user.vaddr + BigInt(user.memsz);
  const isWhereItMayBe = (name: string, symbol = ''): boolean =>
    rules.within?.[name]?.includes(symbol.replace(/\+0x[0-9a-f]+$/, '')) === true;
  const first = faultingInstructions(elf, 1).find(
    ({ name, symbol, address }) =>
      rules.found?.has(name) !== false &&
      !(rules.user.has(name) && isUser(address)) &&
      !isWhereItMayBe(name, symbol),
  );
  if (first === undefined) return;
  throw new MotteError('SHIM_INSTRUCTION', {
    field: `${first.name} in ${first.symbol ?? 'no symbol'}`,
    message: 'not for this shim, by the reading of @motte/elf',
    offset: first.address,
  });
}

/** Everything that is required of a linked shim; `file` is where objdump finds the same bytes. */
export async function checkLinked(
  bytes: Uint8Array,
  file: string,
  { tee, indirect, fences }: Pick<Manifest, 'tee' | 'indirect' | 'fences'>,
  objdump?: string,
): Promise<{ shim: Shim; code: CodeReport }> {
  const elf = readElf(bytes);
  checkReadersAgree(elf, bytes);
  const shim = checkShim(elf);
  checkOnlyCode(shim);
  const user = tee === 'vm' ? userSegment(shim) : undefined;
  const rules = RULES[tee];
  const checked = { sites: shim.sites, ...(user === undefined ? {} : { user }) };
  const instructions = [...parseDisassembly(await disassemble(file, objdump))];
  const code = checkInstructions(instructions, checked, indirect, rules);
  if (fences) checkFences(instructions);
  checkFaulting(elf, rules, user);
  return { shim, code };
}
