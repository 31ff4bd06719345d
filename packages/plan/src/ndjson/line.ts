// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { PageKind, Permissions } from '../plan.js';

/** One line of a written plan: a run of pages. ADR 0010 says what each member is for. */
export interface PlanLine {
  readonly index: number;
  /** `0x…`. */
  readonly address: string;
  readonly pages: number;
  readonly kind: PageKind;
  /** `rwx`, with `-` for what is not allowed. */
  readonly permissions: string;
  readonly measured: boolean;
  readonly source: {
    readonly file: string;
    readonly section: string;
    readonly offset: number;
    readonly lead?: number;
  };
  /** Bytes before the zeros that fill up the run. */
  readonly bytes: number;
  /** Of all the run's pages, zeros included; null when they are not measured. */
  readonly sha256: string | null;
  /**
   * Base64 of the bytes where the file does not hold them; repeated from its start until there are `bytes`.
   */
  readonly data?: string;
}

const KINDS: readonly string[] = ['secs', 'reg', 'tcs', 'vmsa', 'secrets', 'cpuid'] satisfies PageKind[];

/** `rwx` of permissions. */
export function permissionsText({ read, write, execute }: Permissions): string {
  return (read ? 'r' : '-') + (write ? 'w' : '-') + (execute ? 'x' : '-');
}

/** Checks members of a parsed line one by one; every error names the line and the member. */
class Members {
  constructor(
    readonly object: Readonly<Record<string, unknown>>,
    readonly where: string,
    known: readonly string[],
  ) {
    const stray = Object.keys(object).find((key) => !known.includes(key));
    if (stray !== undefined) throw this.bad(stray, `only ${known.join(', ')}`, 'a member of that name');
  }

  bad(name: string, expected: string, found: unknown): MotteError {
    const text = typeof found === 'string' ? found : (JSON.stringify(found) ?? 'nothing');
    return new MotteError('PLAN_LINE', {
      field: `${this.where}.${name}`,
      expected,
      found: text.slice(0, 80),
    });
  }

  take<T>(name: string, expected: string, is: (value: unknown) => value is T): T {
    const value = Object.hasOwn(this.object, name) ? this.object[name] : undefined;
    if (!is(value)) throw this.bad(name, expected, value);
    return value;
  }

  number(name: string): number {
    return this.take(name, 'a whole number', (v): v is number => Number.isSafeInteger(v) && Number(v) >= 0);
  }

  string(name: string, pattern: RegExp, expected: string): string {
    return this.take(name, expected, (v): v is string => typeof v === 'string' && pattern.test(v));
  }

  has(name: string): boolean {
    return Object.hasOwn(this.object, name);
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MotteError('PLAN_LINE', {
      field: where,
      expected: 'one JSON object',
      found: text.slice(0, 40),
      cause,
    });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseSource(value: Record<string, unknown>, where: string): PlanLine['source'] {
  const source = new Members(value, where, ['file', 'section', 'offset', 'lead']);
  return {
    file: source.string('file', /^[^\0]+$/u, 'a file name'),
    section: source.string('section', /^/u, 'a text'),
    offset: source.number('offset'),
    ...(source.has('lead') ? { lead: source.number('lead') } : {}),
  };
}

const LINE_MEMBERS = [
  'index',
  'address',
  'pages',
  'kind',
  'permissions',
  'measured',
  'source',
  'bytes',
  'sha256',
  'data',
] satisfies (keyof PlanLine)[];

/** Parses line `index` of a written plan. Throws PLAN_LINE for anything that `motte plan` does not write. */
export function parseLine(text: string, index: number): PlanLine {
  const where = `line ${index + 1}`;
  const value = parseJson(text, where);
  if (!isObject(value)) {
    throw new MotteError('PLAN_LINE', {
      field: where,
      expected: 'one JSON object',
      found: text.slice(0, 40),
    });
  }
  const line = new Members(value, where, LINE_MEMBERS);
  const found = line.number('index');
  if (found !== index) throw line.bad('index', String(index), found);
  return {
    index,
    address: line.string('address', /^0x(0|[1-9a-f][0-9a-f]{0,15})$/u, '0x and lower-case hex digits'),
    pages: line.number('pages'),
    kind: line.take('kind', KINDS.join(' or '), (v): v is PageKind => KINDS.includes(v as string)),
    permissions: line.string('permissions', /^[r-][w-][x-]$/u, 'rwx, with - for what is not allowed'),
    measured: line.take('measured', 'true or false', (v) => typeof v === 'boolean'),
    source: parseSource(line.take('source', 'an object', isObject), `${where}.source`),
    bytes: line.number('bytes'),
    sha256: line.take(
      'sha256',
      '64 lower-case hex digits or null',
      (v): v is string | null => v === null || (typeof v === 'string' && /^[0-9a-f]{64}$/u.test(v)),
    ),
    ...(line.has('data') ? { data: line.take('data', 'base64', (v) => typeof v === 'string') } : {}),
  };
}
