// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import {
  CONFIG_FLAGS,
  CONFIG_HEADER,
  CONFIG_MAGIC,
  CONFIG_MAX,
  CONFIG_RECORD,
  CONFIG_TYPES,
} from './blob-layout.js';
import { checkIndex } from './image-files.js';
import type { FileIndex } from './image-files.js';
import type { KeepConfig } from './keep-config.js';
import { isPlainText } from './kind.js';
import { checkBlob, recordSize } from './blob-rules.js';
import { compareBytes } from './order.js';

/** CONFIG_HEADER.version. */
export const CONFIG_VERSION = 1;

/** One record: its type and its value's bytes. */
export interface ConfigRecord {
  readonly type: number;
  readonly value: Uint8Array;
}

/** What a config blob says: the header's fields and the records, in the blob's order. */
export interface ConfigBlob {
  readonly flags: number;
  readonly threads: number;
  readonly memory: bigint;
  readonly records: readonly ConfigRecord[];
}

function utf8(text: string, field: string): Uint8Array {
  if (!isPlainText(text)) {
    throw new MotteError('CONFIG_TEXT', {
      field,
      expected: 'Unicode without NUL',
      found: JSON.stringify(text),
    });
  }
  return new TextEncoder().encode(text);
}

/** A value of several texts: each is ended by the NUL between it and the next; none has one. */
function joined(field: string, ...texts: string[]): Uint8Array {
  texts.forEach((text) => utf8(text, field));
  return new TextEncoder().encode(texts.join('\0'));
}

/** Records of one type, ordered by `key`'s bytes, and by the whole value where keys are not separate. */
function sorted(type: number, rows: readonly { key: string; value: Uint8Array }[]): ConfigRecord[] {
  return rows
    .map((row) => ({ value: row.value, key: new TextEncoder().encode(row.key) }))
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ value }) => ({ type, value }));
}

function imageRecord({ bytes, sha256 }: FileIndex): ConfigRecord {
  return { type: CONFIG_TYPES.IMAGE, value: joined('image', String(bytes.length), toHex(sha256)) };
}

/**
 * The blob's contents for a configuration, the program's name, argv[0], and the index of the files that `[[image]]`
 * names. Throws FILE_INDEX when it is of others.
 */
export function blobOf(config: KeepConfig, argv0: string, index?: FileIndex): ConfigBlob {
  checkIndex(config, index);
  const { args, env } = config;
  const argv = [argv0, ...(args === 'host' ? [] : args)];
  const entries = env === 'host' ? [] : env;
  const variables = (measured: boolean): { key: string; value: Uint8Array }[] =>
    entries
      .filter((entry) => entry.measured === measured)
      .map(({ key, value }) => ({
        key,
        value: utf8(value === undefined ? key : `${key}=${value}`, `env.${key}`),
      }));
  return {
    flags:
      (args === 'host' ? CONFIG_FLAGS.ARGS_HOST : 0) |
      (env === 'host' ? CONFIG_FLAGS.ENV_HOST : 0) |
      (config.stdin === 'null' ? CONFIG_FLAGS.STDIN_NULL : 0) |
      (config.exec === 'none' ? 0 : CONFIG_FLAGS.EXEC_KEEP) |
      (config.exec === 'granted' ? CONFIG_FLAGS.EXEC_GRANTED : 0),
    threads: config.threads,
    memory: config.memory,
    records: [
      ...argv.map((arg, i) => ({ type: CONFIG_TYPES.ARG, value: utf8(arg, `argv[${i}]`) })),
      ...sorted(CONFIG_TYPES.ENV, variables(true)),
      ...sorted(CONFIG_TYPES.ENV_UNMEASURED, variables(false)),
      ...sorted(
        CONFIG_TYPES.FILE,
        config.files.map(({ path, mode }) => ({ key: path, value: joined('files', path, mode) })),
      ),
      ...sorted(
        CONFIG_TYPES.LISTEN,
        config.listen.map(({ name, protocol, address }) => ({
          key: name,
          value: joined('listen', name, protocol, address),
        })),
      ),
      ...sorted(
        CONFIG_TYPES.CONNECT,
        config.connect.map(({ host, port }) => ({
          key: `${host}\0${port}`,
          value: joined('connect', host, String(port)),
        })),
      ),
      ...(index === undefined ? [] : [imageRecord(index)]),
    ],
  };
}

/** The one encoding of `blob`; the caller owns it. Throws CONFIG_TOO_LARGE, and CONFIG_BLOB for contents that no blob can have. */
export function encodeBlob(blob: ConfigBlob): Uint8Array {
  const length = blob.records.reduce((sum, record) => sum + recordSize(record), CONFIG_HEADER.size);
  if (length > CONFIG_MAX) {
    throw new MotteError('CONFIG_TOO_LARGE', {
      field: 'config blob',
      expected: `at most ${CONFIG_MAX} bytes`,
      found: length,
    });
  }
  checkBlob(blob);
  const out = new Uint8Array(length);
  const header = {
    magic: CONFIG_MAGIC,
    version: CONFIG_VERSION,
    length,
    flags: blob.flags,
    records: blob.records.length,
    threads: blob.threads,
    memory: blob.memory,
  };
  out.set(CONFIG_HEADER.write(header));
  let at: number = CONFIG_HEADER.size;
  for (const record of blob.records) {
    out.set(CONFIG_RECORD.write({ type: record.type, length: record.value.length }), at);
    out.set(record.value, at + CONFIG_RECORD.size);
    at += recordSize(record);
  }
  return out;
}

/** `encodeBlob(blobOf(config, argv0, index))`: the bytes whose SHA-256 is the config digest. */
export function configBlob(config: KeepConfig, argv0: string, index?: FileIndex): Uint8Array {
  return encodeBlob(blobOf(config, argv0, index));
}
