// SPDX-License-Identifier: Apache-2.0
import type { Cause } from './variation.js';

/** Where in a file the first difference is, and what it looks like. */
export interface Place {
  /** Of the first byte that differs, in the first file, or in the member that is named. */
  readonly offset: number;
  /** `lib.a(main.o)`, without the file: the member of an archive, outermost first. */
  readonly member?: string;
  /** Of an ELF file. */
  readonly section?: string;
  readonly symbol?: string;
  /** Every section whose content differs. */
  readonly sections?: readonly string[];
  /** Of a text, from 1. */
  readonly line?: number;
  /** Of a JSON file: `$.dependencies.x`. */
  readonly key?: string;
  /** The field of an archive's header. */
  readonly field?: string;
  /** What stands there in either file. */
  readonly first: string;
  readonly second: string;
  /** What it looks like, where it looks like something. */
  readonly looks?: Cause;
}
