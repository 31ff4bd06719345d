// SPDX-License-Identifier: Apache-2.0
import { hex64 } from '@motte/binary/hex';
import {
  CHUNK_BYTES,
  EADD_RECORD,
  ECREATE_RECORD,
  EEXTEND_RECORD,
  RECORD_BYTES,
  RECORD_TAGS,
} from '@motte/plan/sgx/records';
import { parseSecinfoFlags } from '@motte/plan/sgx/secinfo-flags';
import type { Hasher } from './hash.js';
import type { RecordSink } from './sgx-records.js';
import type { OnStep } from './transcript.js';

const EEXTEND_BYTES = RECORD_BYTES + CHUNK_BYTES;

/** `reg r-x`, `tcs ---` */
function pageName(flags: bigint): string {
  const known = parseSecinfoFlags(flags);
  // No plan has such flags; a transcript shows what was hashed all the same.
  if (known === undefined) return hex64(flags);
  const { read, write, execute } = known.permissions;
  return `${known.kind} ${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}`;
}

function stepName(tag: bigint, record: Uint8Array): string {
  if (tag === RECORD_TAGS.EEXTEND) return `EEXTEND ${hex64(EEXTEND_RECORD.read(record).offset)}`;
  if (tag === RECORD_TAGS.EADD) {
    const { offset, flags } = EADD_RECORD.read(record);
    return `EADD ${hex64(offset)} ${pageName(flags)}`;
  }
  const { size, ssaframesize } = ECREATE_RECORD.read(record);
  return `ECREATE size ${hex64(size)} ssaframesize ${ssaframesize}`;
}

/**
 * Hashes a stream of records one by one and tells of each. What comes from `sgxRecords` is whole records, many at
 * a time: a transcript takes them apart here, so that measuring without one stays as it is.
 */
export function recordSteps(hasher: Hasher, onStep: OnStep): RecordSink {
  return (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length;) {
      const tag = view.getBigUint64(at, true);
      const end = at + (tag === RECORD_TAGS.EEXTEND ? EEXTEND_BYTES : RECORD_BYTES);
      const record = bytes.subarray(at, end);
      hasher.update(record);
      onStep({ step: stepName(tag, record), digest: hasher.peek() });
      at = end;
    }
  };
}
