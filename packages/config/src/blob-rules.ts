// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { CONFIG_FLAGS, CONFIG_HEADER, CONFIG_RECORD, CONFIG_TYPES } from './blob-layout.js';
import type { ConfigBlob, ConfigRecord } from './blob.js';
import { INDEX_MAX } from './file-index-layout.js';
import { compareTexts } from './order.js';
import { MOST_THREADS } from './schema.js';

/** What the value of a record type must be. */
interface RecordRule {
  readonly name: string;
  /** How many texts, NUL between them. */
  readonly texts: number;
  /** A record of this type is refused when this flag is set. */
  readonly without?: number;
  /** Records are in strictly ascending order of this part of the value; absent: any order. */
  readonly key?: (texts: readonly string[]) => string;
  /** Whether the texts are what they can be. */
  readonly form: (texts: readonly string[]) => boolean;
}

const decimal = (text: string): number => (/^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : NaN);
const variable = ([text = '']: readonly string[]): string => /^[^=]*/.exec(text)?.[0] ?? '';
const filled = (all: readonly string[]): boolean => all.every((text) => text !== '');

/** The rules of docs/config-blob.md, by record type. */
const RULES: Readonly<Record<number, RecordRule>> = {
  [CONFIG_TYPES.ARG]: { name: 'ARG', texts: 1, form: () => true },
  [CONFIG_TYPES.ENV]: {
    name: 'ENV',
    texts: 1,
    without: CONFIG_FLAGS.ENV_HOST,
    key: variable,
    form: ([text = '']) => /^[^=]+=/.test(text),
  },
  [CONFIG_TYPES.ENV_UNMEASURED]: {
    name: 'ENV_UNMEASURED',
    texts: 1,
    without: CONFIG_FLAGS.ENV_HOST,
    key: variable,
    form: ([text = '']) => /^[^=]/.test(text),
  },
  [CONFIG_TYPES.FILE]: {
    name: 'FILE',
    texts: 2,
    key: ([path = '']) => path,
    form: ([path = '', mode = '']) => path.startsWith('/') && /^r[ow]$/.test(mode),
  },
  [CONFIG_TYPES.LISTEN]: {
    name: 'LISTEN',
    texts: 3,
    key: ([name = '']) => name,
    form: (all) => filled(all) && /^(tcp|udp|tls)$/.test(all[1] ?? ''),
  },
  [CONFIG_TYPES.CONNECT]: {
    name: 'CONNECT',
    texts: 2,
    key: (all) => all.join('\0'),
    form: (all) => filled(all) && /^[1-9][0-9]{0,4}$/.test(all[1] ?? ''),
  },
  [CONFIG_TYPES.IMAGE]: {
    name: 'IMAGE',
    texts: 2,
    key: () => '', // so that there is one at most
    form: ([length = '', digest = '']) => decimal(length) <= INDEX_MAX && /^[0-9a-f]{64}$/.test(digest),
  },
};

function textsOf(record: ConfigRecord, at: number): string[] {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(record.value).split('\0');
  } catch (cause) {
    throw new MotteError('CONFIG_BLOB', { field: 'record', expected: 'UTF-8', offset: at, cause });
  }
}

/** Bytes that a record takes: its header, and its value padded to 8. */
export function recordSize(record: ConfigRecord): number {
  return CONFIG_RECORD.size + Math.ceil(record.value.length / 8) * 8;
}

function checkRecord(
  record: ConfigRecord,
  before: ConfigRecord | undefined,
  flags: number,
  at: number,
): void {
  const refuse = (field: string, expected: string, found: string | number): MotteError =>
    new MotteError('CONFIG_BLOB', { field, expected, found, offset: at });
  const rule = RULES[record.type];
  if (rule === undefined) throw refuse('CONFIG_RECORD.type', 'a known type', record.type);
  if (before !== undefined && record.type < before.type) {
    throw refuse('CONFIG_RECORD.type', `${before.type} or more`, record.type);
  }
  if (before === undefined && record.type !== CONFIG_TYPES.ARG) {
    throw refuse('CONFIG_RECORD.type', 'argv[0] as the first record', rule.name);
  }
  if (((rule.without ?? 0) & flags) !== 0) throw refuse(rule.name, 'none where env is the host’s', 'one');
  if (record.type === CONFIG_TYPES.ARG && before !== undefined && (flags & CONFIG_FLAGS.ARGS_HOST) !== 0) {
    throw refuse(rule.name, 'argv[0] alone where args are the host’s', 'another');
  }
  const parts = textsOf(record, at);
  if (parts.length !== rule.texts) throw refuse(rule.name, `${rule.texts} texts`, parts.length);
  if (!rule.form(parts)) throw refuse(rule.name, 'the form of docs/config-blob.md', JSON.stringify(parts));
  if (rule.key === undefined || before?.type !== record.type) return;
  const [last, own] = [rule.key(textsOf(before, at)), rule.key(parts)];
  if (compareTexts(last, own) >= 0)
    throw refuse(rule.name, `more than ${JSON.stringify(last)}`, JSON.stringify(own));
}

/** Each variable is either fixed or the host's. */
function checkVariables(blob: ConfigBlob): void {
  const names = (type: number): string[] =>
    blob.records.filter((record) => record.type === type).map((record) => variable(textsOf(record, 0)));
  const fixed = new Set(names(CONFIG_TYPES.ENV));
  const both = names(CONFIG_TYPES.ENV_UNMEASURED).find((name) => fixed.has(name));
  if (both === undefined) return;
  throw new MotteError('CONFIG_BLOB', {
    field: 'ENV_UNMEASURED',
    expected: 'a variable that ENV does not fix',
    found: JSON.stringify(both),
  });
}

/** Checks all that a blob says against docs/config-blob.md. Throws CONFIG_BLOB with the offset of what is wrong. */
export function checkBlob(blob: ConfigBlob): void {
  const header = (name: 'threads' | 'memory', expected: string): MotteError =>
    new MotteError('CONFIG_BLOB', {
      field: `CONFIG_HEADER.${name}`,
      expected,
      found: blob[name],
      offset: CONFIG_HEADER.offsetOf(name),
    });
  if (blob.threads < 1 || blob.threads > MOST_THREADS) throw header('threads', `1 to ${MOST_THREADS}`);
  if (blob.memory === 0n || blob.memory % 4096n !== 0n) throw header('memory', 'a multiple of 4096, not 0');
  if ((blob.flags & (CONFIG_FLAGS.EXEC_KEEP | CONFIG_FLAGS.EXEC_GRANTED)) === CONFIG_FLAGS.EXEC_GRANTED) {
    throw new MotteError('CONFIG_BLOB', {
      field: 'CONFIG_HEADER.flags',
      expected: 'bit 3 where bit 4 is set',
      found: blob.flags,
      offset: CONFIG_HEADER.offsetOf('flags'),
    });
  }
  let at: number = CONFIG_HEADER.size;
  let before: ConfigRecord | undefined;
  for (const record of blob.records) {
    checkRecord(record, before, blob.flags, at);
    at += recordSize(record);
    before = record;
  }
  if (before === undefined) {
    throw new MotteError('CONFIG_BLOB', {
      field: 'config blob',
      expected: 'argv[0] as the first record',
      found: 'no record',
      offset: at,
    });
  }
  checkVariables(blob);
}
