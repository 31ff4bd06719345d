// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { PAGE_SIZE } from '@motte/binary/range';
import { bytesSource, sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import type { NewHasher } from '../hasher.js';
import type { PagePlan, PageRun, Permissions } from '../plan.js';
import { checkSgxPlan, MAX_RUNS } from '../sgx/check.js';
import { planSecs } from '../sgx/secs.js';
import { fillSource, leadSource, NO_BYTES } from '../sources.js';
import { vmPlanOf } from '../vm/read.js';
import { fromBase64 } from './base64.js';
import { parseLine } from './line.js';
import type { PlanLine } from './line.js';
import { hashRun } from './hash-run.js';

/** Opens a file that a plan names: `shim` for the shim, else the name as it stands in the plan. */
export type OpenSource = (file: string) => ByteSource;

function parsePermissions(text: string): Permissions {
  return { read: text[0] === 'r', write: text[1] === 'w', execute: text[2] === 'x' };
}

function inlineBytes(line: PlanLine, data: string, where: string): ByteSource {
  const bytes = fromBase64(data);
  const expected = `base64 of at most ${line.bytes} bytes, and of one at least`;
  if (bytes === undefined || bytes.length === 0 || bytes.length > line.bytes) {
    throw new MotteError('PLAN_LINE', { field: `${where}.data`, expected, found: data.slice(0, 40) });
  }
  return bytes.length === line.bytes ? bytesSource(bytes) : fillSource(bytes, line.bytes);
}

function fileBytes(line: PlanLine, open: OpenSource, where: string): ByteSource {
  const { file, offset, lead = 0 } = line.source;
  if (lead > line.bytes || lead >= PAGE_SIZE) {
    const expected = `less than a page and at most ${line.bytes}`;
    throw new MotteError('PLAN_LINE', { field: `${where}.source.lead`, expected, found: lead });
  }
  const source = open(file);
  const length = line.bytes - lead;
  if (offset + length > source.size) {
    throw new MotteError('PLAN_SOURCE_CHANGED', {
      field: file,
      message: 'the file is shorter than the plan that was made from it',
      expected: `at least ${offset + length} bytes`,
      found: source.size,
    });
  }
  return leadSource(lead, sliceSource(source, offset, length));
}

function toRun(line: PlanLine, open: OpenSource): PageRun {
  const where = `line ${line.index + 1}`;
  const { file, section, offset, lead } = line.source;
  if (line.bytes > line.pages * PAGE_SIZE) {
    const expected = `at most ${line.pages} pages`;
    throw new MotteError('PLAN_LINE', { field: `${where}.bytes`, expected, found: line.bytes });
  }
  if (line.measured !== (line.sha256 !== null)) {
    const expected = line.measured ? 'a digest, as the run is measured' : 'null, as the run is not measured';
    throw new MotteError('PLAN_LINE', { field: `${where}.sha256`, expected });
  }
  const bytes =
    line.bytes === 0
      ? NO_BYTES
      : line.data === undefined
        ? fileBytes(line, open, where)
        : inlineBytes(line, line.data, where);
  return {
    address: BigInt(line.address),
    pages: line.pages,
    kind: line.kind,
    permissions: parsePermissions(line.permissions),
    measured: line.measured,
    bytes,
    source: {
      file,
      section,
      offset,
      ...(lead === undefined ? {} : { lead }),
      ...(line.data === undefined ? {} : { inline: true }),
    },
  };
}

/** Compares the digest that a line states with the bytes as they are now. */
function checkDigest(plan: PagePlan, run: PageRun, line: PlanLine, sha256: NewHasher): void {
  if (line.sha256 === null) return;
  const found = toHex(hashRun(plan, run, sha256));
  if (found === line.sha256) return;
  throw new MotteError(line.data === undefined ? 'PLAN_SOURCE_CHANGED' : 'PLAN_LINE', {
    field: `line ${line.index + 1}: ${run.source.file} ${run.source.section}`,
    ...(line.data === undefined
      ? { message: 'the file has changed since the plan was written' }
      : { message: 'data and sha256 of the line contradict each other' }),
    expected: `sha256 ${line.sha256}`,
    found,
    offset: run.source.offset,
  });
}

function sgxPlanOf(runs: readonly PageRun[]): PagePlan {
  const { size } = planSecs({ tee: 'sgx', size: 0n, runs });
  return checkSgxPlan({ tee: 'sgx', size, runs });
}

/**
 * Reads a written plan again. Each measured run's bytes are read and compared with the digest in its line, so
 * that what is loaded or measured afterwards is what the plan described. Throws PLAN_LINE for a line that is
 * not as written, PLAN_SOURCE_CHANGED for a file that has changed, PLAN_INVALID for a plan that no CPU would
 * take.
 */
export function readPlan(lines: Iterable<string>, open: OpenSource, sha256: NewHasher): PagePlan {
  const parsed: PlanLine[] = [];
  const opened = new Map<string, ByteSource>();
  const openOnce: OpenSource = (file) => {
    const source = opened.get(file) ?? open(file);
    opened.set(file, source);
    return source;
  };
  const runs: PageRun[] = [];
  for (const text of lines) {
    if (runs.length > MAX_RUNS)
      throw new MotteError('PLAN_TOO_LARGE', { field: 'lines', expected: MAX_RUNS });
    const line = parseLine(text, parsed.length);
    parsed.push(line);
    runs.push(toRun(line, openOnce));
  }
  const plan = runs.at(-1)?.kind === 'vmsa' ? vmPlanOf(runs) : sgxPlanOf(runs);
  parsed.forEach((line, index) => {
    const run = runs[index];
    if (run !== undefined) checkDigest(plan, run, line, sha256);
  });
  return plan;
}
