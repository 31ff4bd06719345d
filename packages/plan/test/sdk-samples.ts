// SPDX-License-Identifier: Apache-2.0
// Enclaves as the Intel SGX SDK signs them, small, with whatever a test wants in their metadata.
import { buildElf } from '@motte/elf/build';
import type { LoadSpec } from '@motte/elf/build';
import { PF, PT, SHT } from '@motte/elf/constants';
import { encodeDynamic } from '@motte/elf/dynamic';
import type { DynamicEntry } from '@motte/elf/dynamic';
import { encodeNotes } from '@motte/elf/notes';
import { readElf } from '@motte/elf/read';
import type { Elf } from '@motte/elf/types';
import { ELRANGE, ENTRY, GROUP, METADATA, METADATA_MAGIC, PATCH } from '@motte/plan/sgx/sdk/layouts';
import type { LayoutEntry } from '@motte/plan/sgx/sdk/metadata';

/** Where a test's own content begins in a block. */
export const CONTENT_AT = 0x800;
const CONTENT_ROOM = 0x800;

export interface SdkSample {
  readonly version?: readonly [number, number];
  readonly size?: bigint;
  readonly rows?: readonly Uint8Array[];
  readonly patches?: readonly Uint8Array[];
  readonly elrange?: Uint8Array;
  readonly content?: Uint8Array;
  readonly loads?: readonly LoadSpec[];
  /** Goes into a writable segment at 0x8000. */
  readonly dynamic?: readonly DynamicEntry[];
  /** Changes the block when it is whole. */
  readonly edit?: (block: Uint8Array, view: DataView) => void;
  readonly noteName?: string;
}

export function entryRow(entry: Partial<LayoutEntry>): Uint8Array {
  return ENTRY.write({ id: 1, attributes: 3, page_count: 1, si_flags: 0x203n, ...entry });
}

export function groupRow(entry_count: number, load_times: number, step: bigint): Uint8Array {
  return GROUP.write({ id: 0x1009, entry_count, load_times, step });
}

export function patchRow(destination: bigint, size: number): Uint8Array {
  return PATCH.write({ destination, source: CONTENT_AT, size });
}

function block(sample: SdkSample): Uint8Array {
  const patches = Buffer.concat(sample.patches ?? []);
  const rows = Buffer.concat(sample.rows ?? []);
  const elrange = sample.elrange ?? new Uint8Array(0);
  const at = CONTENT_AT + CONTENT_ROOM;
  const size = at + patches.length + rows.length + elrange.length;
  const [version_major, version_minor] = sample.version ?? [1, 5];
  const out = new Uint8Array(size);
  out.set(
    METADATA.write({
      magic: METADATA_MAGIC,
      version_major,
      version_minor,
      size,
      ssa_frame_size: 1,
      enclave_size: sample.size ?? 0x100000n,
      attributes: 6n,
      xfrm: 7n,
      patches_offset: at,
      patches_size: patches.length,
      layout_offset: at + patches.length,
      layout_size: rows.length,
      elrange_offset: at + patches.length + rows.length,
      elrange_size: elrange.length,
    }),
  );
  out.set(sample.content ?? [], CONTENT_AT);
  out.set(patches, at);
  out.set(rows, at + patches.length);
  out.set(elrange, at + patches.length + rows.length);
  sample.edit?.(out, new DataView(out.buffer));
  return out;
}

export function elrangeRecord(image_address: bigint, start: bigint, size: bigint): Uint8Array {
  return ELRANGE.write({ image_address, start, size });
}

/** The file of a sample. */
export function sdkFile(sample: SdkSample): Uint8Array {
  const dynamic = sample.dynamic === undefined ? undefined : encodeDynamic(sample.dynamic);
  const code: LoadSpec = { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: new Uint8Array(0x2100).fill(0xc3) };
  const data: LoadSpec = {
    vaddr: 0x8000n,
    flags: PF.R | PF.W,
    bytes: dynamic ?? Uint8Array.of(1),
    memsz: 0x1800,
  };
  const descriptor = Buffer.concat([block(sample), new Uint8Array(0x40)]);
  const note = { name: sample.noteName ?? 'sgx_metadata', type: 1, descriptor: new Uint8Array(descriptor) };
  return buildElf({
    entry: 0x1000n,
    loads: sample.loads ?? [code, data],
    segments:
      dynamic === undefined
        ? []
        : [{ type: PT.DYNAMIC, flags: PF.R, vaddr: 0x8000n, filesz: dynamic.length, align: 8n }],
    sections: [{ name: '.note.sgxmeta', type: SHT.NOTE, bytes: encodeNotes([note], 'none') }],
  });
}

export function sdkElf(sample: SdkSample): Elf {
  return readElf(sdkFile(sample));
}
