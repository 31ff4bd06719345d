// SPDX-License-Identifier: Apache-2.0
// Small logs and tables of a trust domain.
import { createHash } from 'node:crypto';
import { CCEL_TABLE } from '@motte/measure/ccel-table';

/** Numbers as they stand in a log. */
export function u32(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const SPEC = concat(Buffer.from('Spec ID Event03\0'), u32(0, 0, 1), Uint8Array.of(0x0c, 0, 48, 0, 0));

function event(index: number, type: number, data: string): Uint8Array {
  const digest = createHash('sha384').update(data).digest();
  return concat(u32(index, type, 1), Uint8Array.of(0x0c, 0), digest, u32(data.length), Buffer.from(data));
}

/** A log of three events. */
export const CCEL_LOG: Uint8Array = concat(
  concat(u32(0, 3), new Uint8Array(20), u32(SPEC.length), SPEC),
  event(1, 0x80000001, 'boot'),
  event(0, 3, ''),
  event(4, 0x0d, 'grub'),
);

const CCEL = {
  signature: new TextEncoder().encode('CCEL'),
  length: CCEL_TABLE.size,
  revision: 1,
  cc_type: 2,
  laml: 0x10000n,
  lasa: 0x7f000000n,
} as const;

/** A table whose bytes add up to 0. */
export function ccelTable(change: Parameters<typeof CCEL_TABLE.write>[0] = {}): Uint8Array {
  const bytes = CCEL_TABLE.write({ ...CCEL, ...change });
  const at = CCEL_TABLE.offsetOf('checksum');
  bytes[at] = 0;
  bytes[at] = -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
  return bytes;
}
