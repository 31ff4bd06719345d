// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { ERRORS } from '@motte/binary/errors/table';

/** A digest, and what it depends on beside the file. */
export interface Digest {
  readonly name: string;
  /** The VMM's or the order's name, and where it is known from. */
  readonly profile?: string;
  readonly hex: string;
}

/** One line that says something of a file. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** A run of pages as the table shows it. */
export interface Row {
  readonly address: string;
  readonly pages: number;
  readonly kind: string;
  readonly permissions: string;
  /** Whether the digest covers the contents; that the pages are there it always covers. */
  readonly measured: boolean;
  readonly source: string;
}

/** The rows of a page table, made when they are asked for: a plan may have a million runs. */
export interface Rows {
  readonly count: number;
  row(index: number): Row;
}

/** An error as the page shows it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly facts: readonly Fact[];
}

/** What one TEE makes of a file. */
export interface Part {
  readonly title: string;
  readonly digests?: readonly Digest[];
  readonly facts?: readonly Fact[];
  readonly notes?: readonly string[];
  readonly rows?: Rows;
  readonly failure?: Failure;
}

/** What went wrong, in the parts that a `MotteError` has. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof MotteError)) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { code: 'INTERNAL', message, fix: ERRORS.INTERNAL.fix, facts: [] };
  }
  const { code, message, ...rest } = error.toJSON();
  const facts = Object.entries(rest).map(([name, value]) => ({ name, value }));
  return { code, message, fix: ERRORS[code].fix, facts };
}
