// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { guidBytes } from '../firmware/guid.js';
import type { NewHasher } from '../hasher.js';
import { WINDOW_BYTES } from '../walk.js';

/** SHA-256 of what is booted directly, 32 bytes each. */
export interface KernelHashes {
  readonly cmdline: Uint8Array;
  readonly initrd: Uint8Array;
  readonly kernel: Uint8Array;
}

/** GUIDs of the table and, in their order, of its entries. QEMU, target/i386/sev.c. */
const TABLE = '9438d606-4f22-4cc9-b479-a793d411fd21';
const ENTRIES = [
  ['cmdline', '97d02dd8-bd20-4c94-aa78-e7714d36ab2a'],
  ['initrd', '44baf731-3a2f-4bd7-9af1-41e29169781d'],
  ['kernel', '4de79437-abd2-427f-b835-d5b172d2045b'],
] as const;
const GUID_BYTES = 16;
const HEAD_BYTES = GUID_BYTES + 2;
const ENTRY_BYTES = HEAD_BYTES + 32;
const TABLE_BYTES = HEAD_BYTES + ENTRIES.length * ENTRY_BYTES;

function hashSource(source: ByteSource, sha256: NewHasher): Uint8Array {
  const hasher = sha256();
  const window = new Uint8Array(Math.min(WINDOW_BYTES, source.size));
  for (let at = 0; at < source.size; at += window.length) {
    const part = window.subarray(0, Math.min(window.length, source.size - at));
    source.read(at, part);
    hasher.update(part);
  }
  return hasher.digest();
}

/** The hashes of a kernel, its initrd (none is an empty one) and its command line (none is an empty one). */
export function kernelHashes(
  files: { readonly kernel: ByteSource; readonly initrd?: ByteSource; readonly cmdline?: string },
  sha256: NewHasher,
): KernelHashes {
  const line = sha256();
  line.update(new TextEncoder().encode(`${files.cmdline ?? ''}\0`));
  return {
    cmdline: line.digest(),
    initrd: files.initrd === undefined ? sha256().digest() : hashSource(files.initrd, sha256),
    kernel: hashSource(files.kernel, sha256),
  };
}

/** The table that QEMU puts into guest memory, zero padded to a multiple of 16 bytes. */
export function hashTable(hashes: KernelHashes): Uint8Array {
  const out = new Uint8Array(Math.ceil(TABLE_BYTES / 16) * 16);
  const view = new DataView(out.buffer);
  out.set(guidBytes(TABLE));
  view.setUint16(GUID_BYTES, TABLE_BYTES, true);
  ENTRIES.forEach(([name, guid], i) => {
    const at = HEAD_BYTES + i * ENTRY_BYTES;
    out.set(guidBytes(guid), at);
    view.setUint16(at + GUID_BYTES, ENTRY_BYTES, true);
    out.set(hashes[name], at + HEAD_BYTES);
  });
  return out;
}

/**
 * The page that holds the table at guest address `gpa`. Throws SNP_INPUT when it would pass the page's end.
 */
export function hashTablePage(hashes: KernelHashes, gpa: number): Uint8Array {
  const table = hashTable(hashes);
  const at = gpa % PAGE_SIZE;
  if (at + table.length > PAGE_SIZE) {
    const expected = `a place with ${table.length} bytes left in its page`;
    throw new MotteError('SNP_INPUT', { field: 'SEV hash table', expected, found: gpa });
  }
  const page = new Uint8Array(PAGE_SIZE);
  page.set(table, at);
  return page;
}
