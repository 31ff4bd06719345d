// SPDX-License-Identifier: Apache-2.0
import { ERRORS } from './errors/table.js';
import type { ErrorCode } from './errors/table.js';
import type { FailureClass } from './errors/entry.js';

export type { ErrorCode } from './errors/table.js';
export type { FailureClass } from './errors/entry.js';

type Plain = string | number | bigint | boolean;

/** Where and how an input differs from what was expected. */
export interface ErrorDetails {
  /** The field, as the vendor manual spells it, or the option or key. */
  readonly field?: string;
  readonly expected?: Plain;
  readonly found?: Plain;
  /** Byte offset into the input. */
  readonly offset?: number | bigint;
  /** A sentence that replaces the entry's reason in the message. */
  readonly message?: string;
  readonly cause?: unknown;
}

/** The JSON shape of an error, as `--json` prints it. */
export interface ErrorJson {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
  readonly expected?: string;
  readonly found?: string;
  readonly offset?: string;
}

/** Control characters, line separators, and what turns the direction of writing around. */
const UNPRINTABLE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

/** Text out of an input, which must neither end the line nor command the terminal. */
function printable(raw: string): string {
  return raw.replaceAll(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

function text(value: Plain): string {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : printable(String(value));
}

function compose(code: ErrorCode, details: ErrorDetails): string {
  const head = details.message ?? ERRORS[code].reason.replace(/\.$/, '');
  const parts: string[] = [];
  if (details.expected !== undefined) parts.push(`expected ${text(details.expected)}`);
  if (details.found !== undefined) parts.push(`found ${text(details.found)}`);
  if (details.offset !== undefined) parts.push(`at offset 0x${details.offset.toString(16)}`);
  const where = details.field === undefined ? '' : `${text(details.field)}: `;
  return where + head + (parts.length > 0 ? ` (${parts.join(', ')})` : '');
}

/**
 * The one error that Motte's libraries throw: a stable `code`, and the field, what was expected, what was
 * found and at which offset, as far as they apply.
 */
export class MotteError extends Error {
  override readonly name = 'MotteError';
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly expected: string | undefined;
  readonly found: string | undefined;
  readonly offset: bigint | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(compose(code, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.field = details.field;
    this.expected = details.expected === undefined ? undefined : text(details.expected);
    this.found = details.found === undefined ? undefined : text(details.found);
    this.offset = details.offset === undefined ? undefined : BigInt(details.offset);
  }

  /** The exit status of a command that ends with this error. */
  get exit(): FailureClass {
    return ERRORS[this.code].exit;
  }

  toJSON(): ErrorJson {
    return {
      code: this.code,
      message: this.message,
      ...(this.field === undefined ? {} : { field: this.field }),
      ...(this.expected === undefined ? {} : { expected: this.expected }),
      ...(this.found === undefined ? {} : { found: this.found }),
      ...(this.offset === undefined ? {} : { offset: `0x${this.offset.toString(16)}` }),
    };
  }
}
