// SPDX-License-Identifier: Apache-2.0
// Small firmware images with the tables of OVMF and td-shim.
import { guidBytes } from '@motte/plan/firmware/guid';
import { TDVF_HEAD, TDVF_SECTION } from '@motte/plan/tdx/tdvf';
import type { TdvfSection } from '@motte/plan/tdx/tdvf';

const FOOTER = '96b582de-1fb2-45f7-baea-a366c55a082d';
/** Bytes of a small image. */
const SIZE = 0x800;

/** Entries of a footer table: a GUID and its data. */
export type FooterEntry = readonly [guid: string, data: Uint8Array];

/** GUIDs of the entries that the readers know. */
export const GUIDS = {
  RESET: '00f771de-1a7e-4fcb-890e-68c77e2fb44e',
  HASHES: '7255371f-3a3b-4b04-927b-1da6efa8d454',
  SEV: 'dc886566-984a-4798-a75e-5585a7bf67cc',
  TDX: 'e47a6535-984a-4798-865e-4685a7bf8ec2',
  SVSM: 'a789a612-0597-4c4b-a49f-cbb1fe9d1ddd',
} as const;

/** Numbers as they stand in the tables. */
export function u32(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

/** An image with a footer table, its first entry last in memory, and bytes at an offset from its end. */
export function firmwareImage(
  entries: readonly FooterEntry[],
  extra: Uint8Array = new Uint8Array(0),
  fromEnd = 0x400,
  size: number = SIZE,
): Uint8Array {
  const image = new Uint8Array(size).fill(0x90);
  const view = new DataView(image.buffer);
  let at = image.length - 0x20 - 18;
  for (const [guid, data] of entries) {
    image.set(guidBytes(guid), at - 16);
    view.setUint16(at - 18, data.length + 18, true);
    image.set(data, at - 18 - data.length);
    at -= data.length + 18;
  }
  const end = image.length - 0x20;
  image.set(guidBytes(FOOTER), end - 16);
  view.setUint16(end - 18, end - at, true);
  image.set(extra, image.length - fromEnd);
  return image;
}

/** The SEV metadata of these sections: {gpa, size, type}. */
export function sevMetadata(...sections: readonly (readonly [number, number, number])[]): Uint8Array {
  return u32(0x56455341, 16 + 12 * sections.length, 1, sections.length, ...sections.flat());
}

/** The descriptor of these sections. */
export function tdvfDescriptor(sections: readonly TdvfSection[]): Uint8Array {
  const count = sections.length;
  const length = TDVF_HEAD.size + count * TDVF_SECTION.size;
  const head = TDVF_HEAD.write({ signature: 0x46564454, length, version: 1, count });
  return new Uint8Array(Buffer.concat([head, ...sections.map((section) => TDVF_SECTION.write(section))]));
}

/** All that OVMF and SVSM say for SEV. */
export const FIRMWARE: Uint8Array = firmwareImage(
  [
    [GUIDS.RESET, u32(0x80b004)],
    [GUIDS.HASHES, u32(0x809c00, 0x400)],
    [GUIDS.SVSM, u32(0x1234)],
    [GUIDS.SEV, u32(0x400)],
  ],
  sevMetadata([0x800000, 0x9000, 1], [0x80d000, 0x1000, 2], [0x80e000, 0x1000, 3]),
);

const SECTIONS: readonly TdvfSection[] = [
  { data_offset: 0, raw_size: 0x1000, gpa: 0xfffff000n, mem_size: 0x1000n, type: 0, attributes: 1 },
  { data_offset: 0, raw_size: 0, gpa: 0x900000n, mem_size: 0x2000n, type: 2, attributes: 0 },
  { data_offset: 0, raw_size: 0, gpa: 0xa00000n, mem_size: 0x2000n, type: 4, attributes: 2 },
];
const TDX_SIZE = 0x1800;

/** As td-shim builds it: the descriptor's offset stands near the end. */
export const TDVF_IMAGE: Uint8Array = (() => {
  const image = new Uint8Array(TDX_SIZE).fill(0x11);
  image.set(tdvfDescriptor(SECTIONS), 0x1000);
  new DataView(image.buffer).setUint32(TDX_SIZE - 0x20, 0x1000, true);
  return image;
})();

/** As OVMF builds it: the footer table has the offset from the end. */
export const TDVF_TABLE_IMAGE: Uint8Array = firmwareImage(
  [[GUIDS.TDX, u32(0x400)]],
  tdvfDescriptor(SECTIONS),
  0x400,
  TDX_SIZE,
);
