// SPDX-License-Identifier: Apache-2.0
import { SEV_SNP_MEASURE } from '@motte/measure/profiles/sev-snp-measure';
import { columns } from '../grammar/help.js';
import { OPTIONS } from '../grammar/options.js';
import { SEV_DOCS, SEV_OPTIONS } from '../grammar/sev-options.js';

/** `motte sev-snp-measure --help`: in our words, as nobody's script reads it. */
export function toolHelp(): string {
  const modes = SEV_SNP_MEASURE.modes.join(', ');
  const rows = SEV_OPTIONS.map((name) => {
    const spec = OPTIONS[name];
    const value = spec.type === 'flag' ? '' : ` ${spec.value}`;
    return [`--${name}${value}`, SEV_DOCS[name] ?? spec.doc] as const;
  });
  return [
    'motte sev-snp-measure --mode MODE --ovmf FILE [OPTION…]',
    '',
    `The command line of sev-snp-measure ${SEV_SNP_MEASURE.version}, with its output and its success or failure.`,
    '`motte measure MODE` takes the same options, names what it refuses, and has --json and --transcript.',
    '',
    ...columns([
      ['--mode MODE', `one of ${modes}`],
      ...rows,
      ['--version', 'print the version of sev-snp-measure that this is'],
      ['-h, --help', 'print this'],
    ]),
    '',
  ].join('\n');
}
