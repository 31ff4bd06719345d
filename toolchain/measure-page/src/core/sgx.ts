// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { readBytes } from '@motte/binary/source';
import { readElf } from '@motte/elf/read';
import { newSha256 } from '@motte/measure/hash';
import { measureSgx } from '@motte/measure/sgx';
import { readPlan } from '@motte/plan/ndjson/read';
import type { PagePlan } from '@motte/plan/plan';
import { rawSgxPlan } from '@motte/plan/sgx/raw';
import { MEASURED_PAGE_BYTES, RECORD_BYTES } from '@motte/plan/sgx/records';
import { sdkPlan } from '@motte/plan/sgx/sdk';
import { readSdkMetadata } from '@motte/plan/sgx/sdk/metadata';
import { planSecs } from '@motte/plan/sgx/secs';
import { readSgxs } from '@motte/plan/sgx/sgxs';
import { planTotals } from '@motte/plan/totals';
import type { Job, NamedFile } from './job.js';
import type { Part } from './report.js';
import { sgxRows } from './rows.js';
import { sigstructPart } from './sigstruct.js';

/** A written plan is text that is parsed as a whole; larger ones are for the command. */
const PLAN_LIMIT = 64 * 1024 * 1024;

function planPart(plan: PagePlan, { meter }: Job): Part & { readonly mrenclave: string } {
  const { measured, unmeasured } = planTotals(plan);
  const { ssaframesize } = planSecs(plan);
  meter.begin('MRENCLAVE', 'hashed', measured * MEASURED_PAGE_BYTES + unmeasured * RECORD_BYTES);
  const mrenclave = toHex(measureSgx(plan, { sha256: meter.hasher(newSha256) }));
  return {
    title: 'Intel SGX',
    mrenclave,
    digests: [{ name: 'MRENCLAVE', hex: mrenclave }],
    facts: [
      { name: 'enclave size', value: `0x${plan.size.toString(16)}` },
      { name: 'SSA frame', value: `${ssaframesize} ${ssaframesize === 1 ? 'page' : 'pages'}` },
      { name: 'pages measured', value: String(measured) },
      { name: 'pages added without their contents', value: String(unmeasured) },
    ],
    rows: sgxRows(plan),
  };
}

/** An enclave of the Intel SGX SDK, by the first of its metadata blocks, which is the newest. */
export function* enclaveParts(job: Job): Generator<Part> {
  const { image } = job;
  const elf = readElf(image.source);
  const [metadata] = readSdkMetadata(elf);
  if (metadata === undefined)
    throw new MotteError('SDK_METADATA', { field: image.name, expected: 'a metadata block' });
  const { head } = metadata;
  const { mrenclave, ...part } = planPart(sdkPlan(elf, metadata, image.name), job);
  const version = { name: 'metadata version', value: `${head.version_major}.${head.version_minor}` };
  yield { ...part, facts: [version, ...(part.facts ?? [])] };
  yield sigstructPart(head.sigstruct, mrenclave);
}

/** An .sgxs stream. */
export function* sgxsParts(job: Job): Generator<Part> {
  const { image, meter } = job;
  meter.begin('reading', 'read', image.source.size);
  const { mrenclave: _, ...part } = planPart(readSgxs(image.source, { file: image.name }), job);
  yield part;
}

/** A raw image, as the Linux selftest has them. */
export function* rawParts(job: Job): Generator<Part> {
  const { image } = job;
  const { mrenclave: _, ...part } = planPart(rawSgxPlan(image.source, { file: image.name }), job);
  yield part;
}

/** The last part of a path. */
function baseName(path: string): string {
  return path.replace(/^.*[/\\]/u, '');
}

function fileBeside(files: readonly NamedFile[], name: string): NamedFile['source'] {
  const found = files.find((file) => file.name === baseName(name));
  if (found !== undefined) return found.source;
  throw new MotteError('FILE_ACCESS', {
    field: name,
    message: 'the plan names a file, and a page cannot open files; drop that file together with the plan',
  });
}

/** A written plan, whose files were dropped together with it. */
export function* writtenParts(job: Job): Generator<Part> {
  const { image, beside, meter } = job;
  if (image.source.size > PLAN_LIMIT)
    throw new MotteError('PLAN_TOO_LARGE', {
      field: image.name,
      expected: `at most ${PLAN_LIMIT} bytes in a page`,
      found: image.source.size,
    });
  meter.begin('reading', 'read', image.source.size);
  const lines = new TextDecoder().decode(readBytes(image.source, 0, image.source.size)).split('\n');
  if (lines.at(-1) === '') lines.pop();
  const plan = readPlan(lines, (name) => fileBeside(beside, name), newSha256);
  const { mrenclave: _, ...part } = planPart(plan, job);
  yield part;
}
