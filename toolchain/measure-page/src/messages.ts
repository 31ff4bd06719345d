// SPDX-License-Identifier: Apache-2.0
// What the page and its worker say to each other.
import type { Settings } from './core/job.js';
import type { Progress } from './core/meter.js';
import type { Part, Row } from './core/report.js';

/** Files as the browser gives them: handles, whose bytes are read slice by slice. */
export interface Files {
  readonly images: readonly File[];
  readonly kernel: File | undefined;
  readonly initrd: File | undefined;
  readonly svsm: File | undefined;
}

/** To the worker. */
export type Request =
  | { readonly type: 'measure'; readonly files: Files; readonly settings: Settings }
  | { readonly type: 'rows'; readonly table: number; readonly from: number; readonly count: number };

/** A page table that stays in the worker, by its number. */
export interface Table {
  readonly table: number;
  readonly count: number;
}

/** A part as it crosses over: with a table for the rows. */
export type SentPart = Omit<Part, 'rows'> & { readonly rows?: Table };

/** From the worker. */
export type Reply =
  | { readonly type: 'progress'; readonly file: string; readonly progress: Progress }
  | { readonly type: 'part'; readonly image: number; readonly file: string; readonly part: SentPart }
  | { readonly type: 'rows'; readonly table: number; readonly from: number; readonly rows: readonly Row[] }
  | { readonly type: 'done' };
