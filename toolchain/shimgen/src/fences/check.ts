// SPDX-License-Identifier: Apache-2.0
// Proves of linked code that no value is used before a fence has waited for its load, whoever put the fence there.
import { MotteError } from '@motte/binary/error';
import type { Instruction } from '../disassembly.js';
import { effectsOf } from './effects.js';
import { missingFences } from './flow.js';
import type { Step } from './flow.js';

const TARGET = /^([0-9a-f]+)( |$)/;

function stepOf(
  { address, symbol, mnemonic, operands, repeats }: Instruction,
  i: number,
  all: readonly Instruction[],
): Step<number> {
  const entry = all[i - 1]?.symbol !== symbol;
  const effects = effectsOf(mnemonic, operands, repeats);
  const places = [address];
  if (mnemonic === 'lfence') return { effects, places, entry, kind: 'fence' };
  if (mnemonic === 'call') return { effects, places, entry, kind: 'call' };
  const kind = ['jmp', 'ret', 'ud2'].includes(mnemonic) ? 'end' : 'plain';
  const target = mnemonic.startsWith('j') ? TARGET.exec(operands)?.[1] : undefined;
  return {
    effects,
    places,
    entry,
    kind,
    ...(target === undefined ? {} : { target: Number.parseInt(target, 16) }),
  };
}

/** Throws SHIM_FENCE for the first instruction of a shim that may use a value that its host made up. */
export function checkFences(instructions: readonly Instruction[]): void {
  const { before } = missingFences(instructions.map(stepOf), false);
  // Where a return goes is loaded as well: the fence right before it waits for a write to the same place.
  const bare = instructions.findIndex(
    ({ mnemonic }, i) => mnemonic === 'ret' && instructions[i - 1]?.mnemonic !== 'lfence',
  );
  const [first] = [...before, ...(bare < 0 ? [] : [bare])].sort((a, b) => a - b);
  const one = first === undefined ? undefined : instructions[first];
  if (one === undefined) return;
  throw new MotteError('SHIM_FENCE', {
    field: `${one.mnemonic} ${one.operands} in ${one.symbol}`,
    offset: one.address,
  });
}
