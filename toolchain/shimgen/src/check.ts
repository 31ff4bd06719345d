// SPDX-License-Identifier: Apache-2.0
import elfy from 'elfy';
import { MotteError } from '@motte/binary/error';
import { compareWithElfy } from '@motte/elf/elfy-fields';
import { readElf } from '@motte/elf/read';
import { checkShim } from '@motte/elf/shim';
import type { Shim } from '@motte/elf/shim';
import type { Elf } from '@motte/elf/types';
import { checkInstructions, disassemble, parseDisassembly } from './disassembly.js';
import type { CodeReport } from './disassembly.js';

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

/** Everything that is required of a linked shim; `file` is where objdump finds the same bytes. */
export async function checkLinked(
  bytes: Uint8Array,
  file: string,
  allowedIndirect: readonly string[],
): Promise<{ shim: Shim; code: CodeReport }> {
  const elf = readElf(bytes);
  checkReadersAgree(elf, bytes);
  const shim = checkShim(elf);
  const code = checkInstructions(parseDisassembly(await disassemble(file)), shim, allowedIndirect);
  return { shim, code };
}
