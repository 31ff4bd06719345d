// SPDX-License-Identifier: Apache-2.0
import { toHex, hex64 } from '@motte/binary/hex';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import type { NewHasher } from '../hasher.js';
import type { PagePlan } from '../plan.js';
import { WINDOW_BYTES } from '../walk.js';
import { toBase64 } from './base64.js';
import { hashRun } from './hash-run.js';
import { permissionsText } from './line.js';
import type { PlanLine } from './line.js';

/** Bytes after which a fill pattern repeats: Intel's signer fills pages with one 32-bit number. */
const PATTERN = 4;

function repeats(bytes: ByteSource, pattern: Uint8Array, window: Uint8Array): boolean {
  for (let at = 0; at < bytes.size; at += window.length) {
    const part = window.subarray(0, Math.min(window.length, bytes.size - at));
    bytes.read(at, part);
    if (part.some((byte, i) => byte !== pattern[i % PATTERN])) return false;
  }
  return true;
}

/** Base64 of the bytes that a file does not hold; of a pattern that fills them, once. */
function inlineData(bytes: ByteSource, window: Uint8Array): string {
  if (bytes.size > PATTERN) {
    const pattern = readBytes(bytes, 0, PATTERN);
    if (repeats(bytes, pattern, window)) return toBase64(pattern);
  }
  return toBase64(readBytes(bytes, 0, bytes.size));
}

/** The lines of `plan`, one a run, for a program that goes on with them as objects. */
export function* planLines(plan: PagePlan, sha256: NewHasher): Generator<PlanLine> {
  const window = new Uint8Array(WINDOW_BYTES);
  for (const [index, run] of plan.runs.entries()) {
    const { file, section, offset, lead } = run.source;
    const inline = run.source.inline === true && run.bytes.size > 0;
    yield {
      index,
      address: hex64(run.address),
      pages: run.pages,
      kind: run.kind,
      permissions: permissionsText(run.permissions),
      measured: run.measured,
      source: { file, section, offset, ...(lead === undefined || lead === 0 ? {} : { lead }) },
      bytes: run.bytes.size,
      sha256: run.measured ? toHex(hashRun(plan, run, sha256)) : null,
      ...(inline ? { data: inlineData(run.bytes, window) } : {}),
    };
  }
}

/** The lines of `plan` as text, without line ends: NDJSON, as `motte plan` prints it. */
export function* writePlan(plan: PagePlan, sha256: NewHasher): Generator<string> {
  for (const line of planLines(plan, sha256)) yield JSON.stringify(line);
}
