// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import type { ByteSource } from '@motte/binary/source';
import { newSha256 } from '@motte/measure/hash';
import { WINDOW_BYTES } from '@motte/plan/walk';
import { sevParts } from './firmware.js';
import type { Job } from './job.js';
import { KINDS, kindsOf } from './kinds.js';
import type { Kind } from './kinds.js';
import { failureOf } from './report.js';
import type { Part } from './report.js';
import { enclaveParts, rawParts, sgxsParts, writtenParts } from './sgx.js';
import { sigstructParts } from './sigstruct.js';
import { tdxParts } from './tdx.js';

function* execParts(): Generator<Part> {
  yield {
    title: 'A program',
    notes: [
      'The digest of a program is that of a Keep: of the program, a shim and a Keep.toml together. This page has neither shim nor Keep.toml; the command has: motte measure sgx FILE.',
    ],
  };
}

const PARTS: Readonly<Record<Kind, (job: Job) => Iterable<Part>>> = {
  enclave: enclaveParts,
  sgxs: sgxsParts,
  plan: writtenParts,
  raw: rawParts,
  sigstruct: sigstructParts,
  sev: sevParts,
  tdvf: tdxParts,
  exec: execParts,
};

function fileDigest(source: ByteSource, { meter }: Job): string {
  meter.begin('SHA-256 of the file', 'hashed', source.size);
  const hasher = meter.hasher(newSha256)();
  const window = new Uint8Array(WINDOW_BYTES);
  for (let at = 0; at < source.size; at += window.length) {
    const part = window.subarray(0, Math.min(window.length, source.size - at));
    source.read(at, part);
    hasher.update(part);
  }
  return toHex(hasher.digest());
}

/** The parts of one kind; what they throw becomes the last of them. */
function* partsOf(kind: Kind, job: Job): Generator<Part> {
  try {
    yield* PARTS[kind](job);
  } catch (error) {
    yield { title: `Read as ${KINDS[kind]}`, failure: failureOf(error) };
  }
}

/**
 * All that can be said of an image, part by part as it becomes known; what is wrong is said in a part too. Nothing is
 * thrown, and no more of the image is in memory than a window.
 */
export function* measureImage(given: Job): Generator<Part> {
  const job = { ...given, image: { ...given.image, source: given.meter.source(given.image.source) } };
  const { image, settings } = job;
  try {
    const kinds = settings.as === 'auto' ? kindsOf(image.name, image.source) : [settings.as];
    for (const kind of kinds) yield* partsOf(kind, job);
    const file = [
      { name: 'size', value: `${image.source.size} bytes` },
      { name: 'read as', value: kinds.map((kind) => KINDS[kind]).join('; ') },
    ];
    yield { title: 'File', digests: [{ name: 'SHA-256', hex: fileDigest(image.source, job) }], facts: file };
  } catch (error) {
    yield { title: 'File', failure: failureOf(error) };
  }
}
