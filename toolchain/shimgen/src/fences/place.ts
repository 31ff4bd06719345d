// SPDX-License-Identifier: Apache-2.0
// Puts fences into what GCC has compiled (docs/adr/0005).
import { effectsOf } from './effects.js';
import type { Effects } from './effects.js';
import { missingFences } from './flow.js';
import type { Step } from './flow.js';
import { NONE } from './registers.js';

/** Raised when fences are placed elsewhere than before: then shims are not what they were. */
export const PLACEMENT = 2;

const LABEL = /^([\w.$]+):/;
const LOCAL = /^\.L/;
const PREFIX = /^(lock|rep|repz|repnz|repe|repne|notrack)$/;

/** One instruction's parts. */
export interface Parts {
  readonly mnemonic: string;
  readonly operands: string;
  readonly repeats: boolean;
}

export function partsOf(text: string): Parts {
  const words = text.trim().split(/\s+/);
  let repeats = false;
  while (words.length > 1 && PREFIX.test(words[0] ?? ''))
    repeats = words.shift()?.startsWith('rep') === true || repeats;
  const [mnemonic = '', ...operands] = words;
  return { mnemonic, operands: operands.join(' '), repeats };
}

const EXPOSES_NOTHING: Effects = { exposes: NONE, loads: false, from: NONE, to: NONE };

/** The assembler puts a fence before a return. A jump to another function leaves with nothing pending. */
function stepOf({ mnemonic, operands, repeats }: Parts, places: readonly string[]): Step<string> {
  const effects = effectsOf(mnemonic, operands, repeats);
  const entry = places.some((place) => !LOCAL.test(place));
  if (mnemonic === 'lfence') return { effects, places, entry, kind: 'fence' };
  if (/^retq?$/.test(mnemonic)) return { effects: EXPOSES_NOTHING, places, entry, kind: 'end' };
  if (/^callq?$/.test(mnemonic)) return { effects, places, entry, kind: 'call' };
  const kind = mnemonic === 'jmp' || mnemonic === 'ud2' ? 'end' : 'plain';
  if (!mnemonic.startsWith('j') || operands.startsWith('*')) return { effects, places, entry, kind };
  return { effects, places, entry, kind, target: LOCAL.test(operands) ? operands : `${operands}, elsewhere` };
}

/** A statement a line: what is within C may have several, and a label before one. */
function statements(line: string): string[] {
  const code = (line.split('#')[0] ?? '').trim();
  if (code === '' || code.startsWith('.') ? !LABEL.test(code) : false) return [line];
  return code
    .replace(LABEL, (label) => `${label};`)
    .split(';')
    .filter((one) => one.trim() !== '')
    .map((one) => (LABEL.test(one) ? one : `\t${one.trim()}`));
}

/** GCC's assembly with a fence before each use of what a load may not have given yet. */
export function placeFences(assembly: string): string {
  const lines = assembly.split('\n').flatMap(statements);
  const steps: Step<string>[] = [];
  const lineOf: number[] = [];
  let places: string[] = [];
  lines.forEach((line, i) => {
    const label = LABEL.exec(line)?.[1];
    if (label !== undefined) places.push(label);
    const text = (line.split('#')[0] ?? '').trim();
    if (label !== undefined || text === '' || text.startsWith('.')) return;
    steps.push(stepOf(partsOf(text), places));
    lineOf.push(i);
    places = [];
  });
  const { before, above } = missingFences(steps, true);
  const fenced = new Set<number>();
  for (const i of above) fenced.add((lineOf[i - 1] ?? -1) + 1);
  for (const i of before) fenced.add(lineOf[i] ?? 0);
  return lines.flatMap((line, i) => (fenced.has(i) ? ['\tlfence', line] : [line])).join('\n');
}
