// SPDX-License-Identifier: Apache-2.0
// The command line of sev-snp-measure, word for word as Python's argparse (3.11) takes it, so that a script
// that calls the tool can call us.
import { MotteError } from '@motte/binary/error';
import type { SevMode } from '../../profiles/sev-snp-measure.js';
import { TOOL_OPTIONS } from './options.js';
import type { SevOptions, ToolOptionName } from './options.js';
import { pythonInt } from './python-int.js';

/** What the tool is asked for. */
export type ToolCall =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'measure';
      readonly mode: SevMode;
      readonly options: SevOptions & { readonly ovmf: string };
      readonly format: 'hex' | 'base64';
      readonly verbose: boolean;
    };

/** A word that is an option: which one, as it was spelled, and what is attached to it (`--vcpus=2`, `-vh`). */
interface OptionWord {
  /** `undefined`: there is none of this name. */
  readonly name: ToolOptionName | undefined;
  readonly spelled: string;
  readonly attached?: string | undefined;
}

const NAMES = Object.keys(TOOL_OPTIONS) as ToolOptionName[];
const SPELLED: ReadonlyMap<string, ToolOptionName> = new Map(
  NAMES.flatMap((name) => {
    const { short } = TOOL_OPTIONS[name];
    return [[`--${name}`, name] as const, ...(short === undefined ? [] : [[`-${short}`, name] as const])];
  }),
);

/** Of these only one may be given. */
const RIVALS: Readonly<Partial<Record<ToolOptionName, ToolOptionName>>> = {
  'vars-size': 'vars-file',
  'vars-file': 'vars-size',
};

function refuse(field: string, expected: string, found?: string): MotteError {
  return new MotteError('USAGE_VALUE', {
    field,
    expected,
    ...(found === undefined ? {} : { found: JSON.stringify(found) }),
  });
}

function split(word: string): [head: string, attached: string | undefined] {
  const equals = word.indexOf('=');
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** The option that a word is the beginning of, or one letter with more attached. Throws USAGE_OPTION for several. */
function abbreviated(word: string): OptionWord | undefined {
  if (!word.startsWith('--')) {
    const spelled = word.slice(0, 2);
    const name = SPELLED.get(spelled);
    return name === undefined ? undefined : { name, spelled, attached: word.slice(2) };
  }
  const [head, attached] = split(word);
  const begun = NAMES.filter((name) => `--${name}`.startsWith(head));
  if (begun.length > 1)
    throw new MotteError('USAGE_OPTION', {
      field: head,
      message: 'the beginning of several options',
      expected: begun.map((name) => `--${name}`).join(', '),
    });
  return begun.length === 0 ? undefined : { name: begun[0], spelled: head, attached };
}

/** What a word before `--` is: an option, or an argument. */
function optionWord(word: string): OptionWord | undefined {
  if (!word.startsWith('-') || word === '-') return undefined;
  const exact = SPELLED.get(word);
  if (exact !== undefined) return { name: exact, spelled: word };
  const [head, attached] = split(word);
  const withValue = attached === undefined ? undefined : SPELLED.get(head);
  if (withValue !== undefined) return { name: withValue, spelled: head, attached };
  const begun = abbreviated(word);
  if (begun !== undefined) return begun;
  // Negative numbers and texts with a space are values.
  if (/^-(?:[0-9]+|[0-9]*\.[0-9]+)$/.test(word) || word.includes(' ')) return undefined;
  return { name: undefined, spelled: word };
}

/** The options of `-vh`, or the one that a word is; the last of them may have something attached. */
function cluster(first: OptionWord & { readonly name: ToolOptionName }): {
  readonly flags: readonly ToolOptionName[];
  readonly last: ToolOptionName;
  readonly attached: string | undefined;
} {
  const flags: ToolOptionName[] = [];
  let { name, spelled, attached } = first;
  while (attached !== undefined && TOOL_OPTIONS[name].takes === 'nothing') {
    const next =
      attached === '' || spelled.startsWith('--') ? undefined : SPELLED.get(`-${attached[0] ?? ''}`);
    if (next === undefined) throw refuse(spelled, 'no value', attached);
    flags.push(name);
    spelled = `-${attached[0] ?? ''}`;
    attached = attached.length === 1 ? undefined : attached.slice(1);
    name = next;
  }
  return { flags, last: name, attached };
}

function checkText(name: ToolOptionName, text: string): void {
  const { takes, choices } = TOOL_OPTIONS[name];
  if (choices !== undefined && !choices.includes(text)) throw refuse(`--${name}`, choices.join(', '), text);
  if (takes === 'int' && pythonInt(text, 10) === undefined)
    throw refuse(`--${name}`, 'a whole decimal number', text);
  if (takes === 'any-int' && pythonInt(text, 0) === undefined)
    throw refuse(`--${name}`, 'a whole number, decimal or 0x…', text);
}

type Found = Map<ToolOptionName, string | true>;

function call(found: Found, extra: readonly string[]): ToolCall {
  for (const name of ['mode', 'ovmf'] as const)
    if (!found.has(name)) throw refuse(`--${name}`, 'to be given');
  if (extra.length > 0)
    throw new MotteError('USAGE_ARGUMENTS', {
      message: 'sev-snp-measure takes options alone',
      found: extra.map((word) => JSON.stringify(word)).join(' '),
    });
  // Each value has been checked against its option's row.
  const {
    mode,
    verbose,
    'output-format': format = 'hex',
    ...options
  } = Object.fromEntries(found) as unknown as {
    readonly mode: SevMode;
    readonly ovmf: string;
    readonly verbose?: true;
    readonly 'output-format'?: 'hex' | 'base64';
  } & SevOptions;
  return {
    kind: 'measure',
    mode,
    options,
    format,
    verbose: verbose === true,
  };
}

/**
 * Reads a command line of sev-snp-measure: `--name value`, `--name=value`, unambiguous beginnings of names, `-vh`;
 * of an option that is repeated the last counts. Throws USAGE_*.
 */
export function readToolArgv(argv: readonly string[]): ToolCall {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  // All words are looked at first: an ambiguous one is an error even after --help.
  const words = argv.slice(0, end).map((word) => ({ word, option: optionWord(word) }));
  const found: Found = new Map();
  const extra: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const { word = '', option } = words[at] ?? {};
    const { name } = option ?? {};
    if (option === undefined || name === undefined) {
      extra.push(word);
      continue;
    }
    const { flags, last, attached } = cluster({ ...option, name });
    const takesNothing = TOOL_OPTIONS[last].takes === 'nothing';
    for (const flag of takesNothing ? [...flags, last] : flags) {
      if (flag === 'help' || flag === 'version') return { kind: flag };
      found.set(flag, true);
    }
    if (takesNothing) continue;
    const next = attached === undefined ? words[++at] : { word: attached, option: undefined };
    if (next === undefined || next.option !== undefined) throw refuse(`--${last}`, 'a value');
    checkText(last, next.word);
    const rival = RIVALS[last];
    if (rival !== undefined && found.has(rival)) throw refuse(`--${last}`, `it without --${rival}`);
    found.set(last, next.word);
  }
  return call(found, [...extra, ...argv.slice(end)]);
}
