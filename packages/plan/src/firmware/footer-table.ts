// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { guidText } from './guid.js';

/**
 * GUID of the last entry, whose length is that of the whole table. edk2,
 * OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm.
 */
const FOOTER = '96b582de-1fb2-45f7-baea-a366c55a082d';
/** The table ends where the reset vector begins. */
const RESET_VECTOR_BYTES = 0x20;
/** Length and GUID at the end of each entry. */
const TAIL_BYTES = 18;
const TABLE_LIMIT = 0x10000;

function bad(field: string, expected: string, found: string | number, offset: number): MotteError {
  return new MotteError('FIRMWARE_TABLE', { field, expected, found, offset: Math.max(0, offset) });
}

/**
 * The table of GUIDs below the reset vector of an OVMF-like image, from the end backwards: data by GUID.
 * `undefined` when the image has none. Throws FIRMWARE_TABLE for one that is damaged, or has a GUID twice.
 */
export function readFooterTable(image: ByteSource): ReadonlyMap<string, Uint8Array> | undefined {
  const end = image.size - RESET_VECTOR_BYTES;
  if (end < TAIL_BYTES) return undefined;
  const tail = (at: number): { length: number; guid: string } => {
    const bytes = readBytes(image, at - TAIL_BYTES, TAIL_BYTES);
    const length = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
    return { length, guid: guidText(bytes.subarray(2)) };
  };
  const footer = tail(end);
  if (footer.guid !== FOOTER) return undefined;
  const start = end - footer.length;
  if (footer.length < TAIL_BYTES || footer.length > TABLE_LIMIT || start < 0)
    throw bad(
      'footer table',
      `${TAIL_BYTES} bytes or more, within the image`,
      footer.length,
      end - TAIL_BYTES,
    );
  const entries = new Map<string, Uint8Array>();
  for (let at = end - TAIL_BYTES; at > start;) {
    if (at - start < TAIL_BYTES)
      throw bad('footer table', 'whole entries', `${at - start} bytes over`, start);
    const { length, guid } = tail(at);
    if (length < TAIL_BYTES || length > at - start)
      throw bad(guid, `an entry of ${TAIL_BYTES} to ${at - start} bytes`, length, at - TAIL_BYTES);
    if (entries.has(guid)) throw bad(guid, 'it once', 'it again', at - TAIL_BYTES);
    entries.set(guid, readBytes(image, at - length, length - TAIL_BYTES));
    at -= length;
  }
  return entries;
}
