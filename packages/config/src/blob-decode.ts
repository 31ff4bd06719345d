// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { CONFIG_FLAGS, CONFIG_HEADER, CONFIG_MAGIC, CONFIG_MAX, CONFIG_RECORD } from './blob-layout.js';
import { CONFIG_VERSION } from './blob.js';
import type { ConfigBlob, ConfigRecord } from './blob.js';
import { checkBlob } from './blob-rules.js';

const ALL_FLAGS = Object.values(CONFIG_FLAGS).reduce((all, flag) => all | flag, 0);

function refuse(
  field: string,
  expected: string | number | bigint,
  found: string | number | bigint,
  offset: number,
): MotteError {
  return new MotteError('CONFIG_BLOB', { field, expected, found, offset });
}

/** A header field's name, with what it must be. */
function checkHeader(bytes: Uint8Array): ReturnType<typeof CONFIG_HEADER.read> {
  if (bytes.length < CONFIG_HEADER.size || bytes.length > CONFIG_MAX) {
    throw refuse('config blob', `${CONFIG_HEADER.size} to ${CONFIG_MAX} bytes`, bytes.length, 0);
  }
  const header = CONFIG_HEADER.readStrict(bytes);
  const must = (name: 'magic' | 'version' | 'length', expected: number | bigint): void => {
    const found = header[name];
    if (found !== expected) {
      throw refuse(`CONFIG_HEADER.${name}`, expected, found, CONFIG_HEADER.offsetOf(name));
    }
  };
  must('magic', CONFIG_MAGIC);
  must('version', CONFIG_VERSION);
  must('length', bytes.length);
  if ((header.flags & ~ALL_FLAGS) !== 0) {
    throw refuse(
      'CONFIG_HEADER.flags',
      `bits of ${ALL_FLAGS}`,
      header.flags,
      CONFIG_HEADER.offsetOf('flags'),
    );
  }
  return header;
}

/**
 * What a config blob says. Strict: `encodeBlob(decodeBlob(bytes))` is `bytes` for every blob that is accepted, so
 * two blobs that mean the same are the same. Throws CONFIG_BLOB, or STRUCT_RESERVED. Values are copies.
 */
export function decodeBlob(bytes: Uint8Array): ConfigBlob {
  const { flags, threads, memory, records: count } = checkHeader(bytes);
  const records: ConfigRecord[] = [];
  let at: number = CONFIG_HEADER.size;
  while (at < bytes.length) {
    if (bytes.length - at < CONFIG_RECORD.size) {
      throw refuse('CONFIG_RECORD', `${CONFIG_RECORD.size} bytes`, bytes.length - at, at);
    }
    const { type, length } = CONFIG_RECORD.readStrict(bytes, at);
    const start = at + CONFIG_RECORD.size;
    const end = start + Math.ceil(length / 8) * 8;
    if (end > bytes.length) throw refuse('CONFIG_RECORD.length', bytes.length - start, length, at);
    const stray = bytes.subarray(start + length, end).findIndex((byte) => byte !== 0);
    if (stray >= 0) {
      const offset = start + length + stray;
      throw refuse('padding', 'zero', bytes[offset] ?? 0, offset);
    }
    records.push({ type, value: bytes.slice(start, start + length) });
    at = end;
  }
  if (records.length !== count) {
    throw refuse('CONFIG_HEADER.records', records.length, count, CONFIG_HEADER.offsetOf('records'));
  }
  const blob = { flags, threads, memory, records };
  checkBlob(blob);
  return blob;
}
