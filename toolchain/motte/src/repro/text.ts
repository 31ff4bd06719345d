// SPDX-License-Identifier: Apache-2.0
import type { Report } from '@motte/repro/repro';
import type { FileDifference } from '@motte/repro/compare';
import { CAUSES } from '@motte/repro/variation';
import type { Cause, Varied } from '@motte/repro/variation';

const KINDS: Readonly<Record<Exclude<FileDifference['kind'], 'content'>, string>> = {
  'only first': 'only the first has it',
  'only second': 'only the second has it',
  type: 'it is of another type, or a link to elsewhere',
  executable: 'only one of them is executable',
};

function placeText(difference: FileDifference): string {
  if (difference.kind !== 'content') return KINDS[difference.kind];
  const { offset, member, section, symbol, line, key, field } = difference.place;
  return [
    `differs at 0x${offset.toString(16)}`,
    member === undefined ? '' : `member ${member}`,
    field === undefined ? '' : `field ${field}`,
    section === undefined ? '' : `section ${section}`,
    symbol === undefined ? '' : `symbol ${symbol}`,
    line === undefined ? '' : `line ${line}`,
    key === undefined ? '' : `key ${key}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** A difference in lines: file and place, what stands there, why, and what helps. */
export function differenceText(difference: FileDifference, cause: Cause, because: string): string {
  const name = difference.path === '' ? 'the file' : difference.path;
  const lines = [`${name}: ${placeText(difference)}`];
  if (difference.kind === 'content' && difference.place.first + difference.place.second !== '') {
    lines.push(`  first:  ${difference.place.first}`, `  second: ${difference.place.second}`);
  }
  lines.push(`  cause:  ${cause}: ${because}`, `  fix:    ${CAUSES[cause].fix}`);
  return `${lines.join('\n')}\n`;
}

/** What was varied, a line each. */
export function variationLines(variations: readonly Varied[]): string[] {
  return variations.map((one) =>
    one.varied ? `varied: ${one.name}: ${one.first} / ${one.second}` : `not varied: ${one.name}: ${one.why}`,
  );
}

/** The whole of a report. */
export function reportText({ files, differences }: Pick<Report, 'files' | 'differences'>): string {
  const of = files === 1 ? '1 file' : `${files} files`;
  if (differences.length === 0) return `same: ${of}\n`;
  const all = differences.map((one) => differenceText(one, one.cause, one.because)).join('');
  return `${all}different: ${differences.length} of ${of}\n`;
}
