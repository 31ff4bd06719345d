// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { BOOT, BOOT_MAGIC, DATA_SIZE } from '@motte/hostcall/block';

/** What the host hands to a Keep at its boot, beside the blob. */
export interface HostGiven {
  readonly args: readonly string[];
  /** Each `K=V`. */
  readonly env: readonly string[];
}

function terminated(texts: readonly string[], field: string): Uint8Array {
  const bad = texts.find((text) => text.includes('\0'));
  if (bad !== undefined) {
    throw new MotteError('LOAD_OPTION', { field, expected: 'texts without NUL', found: JSON.stringify(bad) });
  }
  return new TextEncoder().encode(texts.map((text) => `${text}\0`).join(''));
}

/** BOOT, the config blob, the host's arguments and environment: what the shim copies in when it boots. */
export function bootMessage(blob: Uint8Array, given: HostGiven): Uint8Array {
  const args = terminated(given.args, 'args');
  const env = terminated(given.env, 'env');
  const header = BOOT.write({
    magic: BOOT_MAGIC,
    config_length: blob.length,
    args_count: given.args.length,
    args_length: args.length,
    env_count: given.env.length,
    env_length: env.length,
  });
  const length = header.length + blob.length + args.length + env.length;
  if (length > DATA_SIZE) {
    throw new MotteError('LOAD_OPTION', {
      field: 'args and env',
      message: 'configuration, arguments and environment do not fit the boot message',
      expected: `at most ${DATA_SIZE} bytes`,
      found: length,
    });
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of [header, blob, args, env]) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
