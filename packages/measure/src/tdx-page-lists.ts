// SPDX-License-Identifier: Apache-2.0
import type { JsonObject } from '@motte/binary/json-object';
import { PAGE_SIZE } from '@motte/binary/range';
import type { ByteSource } from '@motte/binary/source';
import { readPageLists } from './page-lists.js';
import { TDX_CHUNK_BYTES } from './tdx.js';
import type { TdxOperation } from './tdx.js';

/** A list of operations by its name. */
export interface TdxPageList {
  readonly name: string;
  /** May be gone through again; a chunk is valid until the next operation is asked for. */
  readonly operations: Iterable<TdxOperation>;
}

/** Operations as they stand in a file, and the boundary that their address keeps. */
const OPERATIONS = {
  'TDH.MEM.PAGE.ADD': { op: 'add', align: PAGE_SIZE, members: ['op', 'gpa'] },
  'TDH.MR.EXTEND': { op: 'extend', align: TDX_CHUNK_BYTES, members: ['op', 'gpa', 'chunk_offset'] },
} as const;

const GPA_END = 1n << 52n;
/** What a vector says of each step, and nobody reads here. */
const NOTES = ['digest_if_finalized_now'] as const;

/** An operation whose chunk has not been read. */
type Planned =
  | { readonly op: 'add'; readonly gpa: bigint }
  | { readonly op: 'extend'; readonly gpa: bigint; readonly at: number };

function plannedStep(step: JsonObject, pool: ByteSource | undefined): Planned {
  const name = step.text('op');
  const row = Object.entries(OPERATIONS).find(([known]) => known === name)?.[1];
  if (row === undefined) throw step.bad('op', Object.keys(OPERATIONS).join(', '));
  step.only([...row.members, ...NOTES]);
  const gpa = step.integer('gpa');
  if (gpa % BigInt(row.align) !== 0n || gpa >= GPA_END)
    throw step.bad('gpa', `a multiple of 0x${row.align.toString(16)} below 2^52`);
  if (row.op === 'add') return { op: 'add', gpa };
  const at = step.integer('chunk_offset');
  if (pool === undefined || at + BigInt(TDX_CHUNK_BYTES) > BigInt(pool.size)) {
    const within = pool === undefined ? 'none, as the file names no chunks' : `within ${pool.size} bytes`;
    throw step.bad('chunk_offset', `${TDX_CHUNK_BYTES} bytes ${within}`);
  }
  return { op: 'extend', gpa, at: Number(at) };
}

function operationsOf(steps: readonly Planned[], pool: ByteSource | undefined): Iterable<TdxOperation> {
  return {
    *[Symbol.iterator]() {
      const chunk = new Uint8Array(TDX_CHUNK_BYTES);
      for (const step of steps) {
        if (step.op === 'add') yield step;
        else {
          pool?.read(step.at, chunk);
          yield { op: 'extend', gpa: step.gpa, chunk };
        }
      }
    },
  };
}

/**
 * Reads lists of TDH.MEM.PAGE.ADD and TDH.MR.EXTEND with the offsets of their chunks in the file `chunks`, which
 * `open` finds by the name that the JSON has. Throws PAGE_LIST.
 */
export function readTdxPageLists(json: unknown, open: (name: string) => ByteSource): TdxPageList[] {
  const { pool: name, lists } = readPageLists(json, { pool: 'chunks', notes: [], list: [] });
  const pool = name === undefined ? undefined : open(name);
  return lists.map((list) => {
    const steps = list.steps.map((step) => plannedStep(step, pool));
    return { name: list.name, operations: operationsOf(steps, pool) };
  });
}
