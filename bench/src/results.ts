// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@motte/test-helpers/vectors';
import { machineText } from './machine.js';
import type { Machine } from './machine.js';
import type { Benchmark, Outcome } from './outcome.js';
import { shown } from './stats.js';

const FOLDER = join(ROOT, 'bench/results');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The result for people, in Markdown. */
export function markdown({ name, title }: Benchmark, at: Machine, { rows, goals, notes }: Outcome): string {
  const measured = rows.map((r) => [r.what, shown(r.best, r.unit), shown(r.median, r.unit), `${r.runs}`]);
  const asked = goals.map((g) => [g.what, g.goal, g.found, g.met ? 'yes' : '**no**']);
  return [
    `# ${title}`,
    `\`npm run bench ${name}\`\n\n${machineText(at).replaceAll('\n', '  \n')}`,
    table(['what', 'best', 'median', 'runs'], measured),
    ...(goals.length === 0 ? [] : [table(['goal', 'asked', 'found', 'met'], asked)]),
    ...notes,
  ]
    .join('\n\n')
    .concat('\n');
}

/** Writes bench/results/NAME.json and NAME.md; returns the Markdown. */
export function writeResults(benchmark: Benchmark, at: Machine, outcome: Outcome): string {
  mkdirSync(FOLDER, { recursive: true });
  const json = { name: benchmark.name, title: benchmark.title, machine: at, ...outcome };
  const text = markdown(benchmark, at, outcome);
  writeFileSync(join(FOLDER, `${benchmark.name}.json`), `${JSON.stringify(json, undefined, 2)}\n`);
  writeFileSync(join(FOLDER, `${benchmark.name}.md`), text);
  return text;
}
