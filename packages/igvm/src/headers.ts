// SPDX-License-Identifier: Apache-2.0
import type { Field, Layout, LayoutValues } from '@motte/binary/layout';
import type { ByteSource } from '@motte/binary/source';
import {
  ERROR_RANGE,
  PAGE_DATA,
  PARAMETER,
  PARAMETER_AREA,
  PARAMETER_INSERT,
  REQUIRED_MEMORY,
  VBS_MEASUREMENT,
  VP_CONTEXT,
} from './directives.js';
import type {
  ERROR_RANGE_FIELDS,
  PAGE_DATA_FIELDS,
  PARAMETER_FIELDS,
  PARAMETER_AREA_FIELDS,
  PARAMETER_INSERT_FIELDS,
  REQUIRED_MEMORY_FIELDS,
  VBS_MEASUREMENT_FIELDS,
  VP_CONTEXT_FIELDS,
} from './directives.js';
import { SNP_ID_BLOCK } from './snp-id-block.js';
import type { SNP_ID_BLOCK_FIELDS } from './snp-id-block.js';
import {
  CCA_POLICY,
  CORIM_DATA,
  GUEST_POLICY,
  PAGE_TABLE_RELOCATION,
  RELOCATABLE_REGION,
  SUPPORTED_PLATFORM,
} from './structures.js';
import type {
  CCA_POLICY_FIELDS,
  CORIM_DATA_FIELDS,
  GUEST_POLICY_FIELDS,
  PAGE_TABLE_RELOCATION_FIELDS,
  RELOCATABLE_REGION_FIELDS,
  SUPPORTED_PLATFORM_FIELDS,
} from './structures.js';

/** The parts of the variable headers, in their order in the file, and which types belong to each. */
export const SECTIONS = {
  platform: [0x1, 0x100],
  initialization: [0x101, 0x200],
  directive: [0x301, 0x400],
} as const;

/** The fields of each variable header's structure. */
interface Structures {
  readonly SUPPORTED_PLATFORM: typeof SUPPORTED_PLATFORM_FIELDS;
  readonly GUEST_POLICY: typeof GUEST_POLICY_FIELDS;
  readonly RELOCATABLE_REGION: typeof RELOCATABLE_REGION_FIELDS;
  readonly PAGE_TABLE_RELOCATION_REGION: typeof PAGE_TABLE_RELOCATION_FIELDS;
  readonly CORIM_DOCUMENT: typeof CORIM_DATA_FIELDS;
  readonly CORIM_SIGNATURE: typeof CORIM_DATA_FIELDS;
  readonly CCA_POLICY: typeof CCA_POLICY_FIELDS;
  readonly PARAMETER_AREA: typeof PARAMETER_AREA_FIELDS;
  readonly PAGE_DATA: typeof PAGE_DATA_FIELDS;
  readonly PARAMETER_INSERT: typeof PARAMETER_INSERT_FIELDS;
  readonly VP_CONTEXT: typeof VP_CONTEXT_FIELDS;
  readonly REQUIRED_MEMORY: typeof REQUIRED_MEMORY_FIELDS;
  readonly VP_COUNT_PARAMETER: typeof PARAMETER_FIELDS;
  readonly SRAT: typeof PARAMETER_FIELDS;
  readonly MADT: typeof PARAMETER_FIELDS;
  readonly MMIO_RANGES: typeof PARAMETER_FIELDS;
  readonly SNP_ID_BLOCK: typeof SNP_ID_BLOCK_FIELDS;
  readonly MEMORY_MAP: typeof PARAMETER_FIELDS;
  readonly ERROR_RANGE: typeof ERROR_RANGE_FIELDS;
  readonly COMMAND_LINE: typeof PARAMETER_FIELDS;
  readonly SLIT: typeof PARAMETER_FIELDS;
  readonly PPTT: typeof PARAMETER_FIELDS;
  readonly VBS_MEASUREMENT: typeof VBS_MEASUREMENT_FIELDS;
  readonly DEVICE_TREE: typeof PARAMETER_FIELDS;
  readonly ENVIRONMENT_INFO_PARAMETER: typeof PARAMETER_FIELDS;
}

/** The name of a variable header, without IGVM_VHT_. */
export type HeaderKind = keyof Structures;

/** Each variable header of the definition: its type and the structure that follows. */
export const HEADERS: {
  readonly [K in HeaderKind]: { readonly type: number; readonly layout: Layout<Structures[K]> };
} = {
  SUPPORTED_PLATFORM: { type: 0x1, layout: SUPPORTED_PLATFORM },
  GUEST_POLICY: { type: 0x101, layout: GUEST_POLICY },
  RELOCATABLE_REGION: { type: 0x102, layout: RELOCATABLE_REGION },
  PAGE_TABLE_RELOCATION_REGION: { type: 0x103, layout: PAGE_TABLE_RELOCATION },
  CORIM_DOCUMENT: { type: 0x104, layout: CORIM_DATA },
  CORIM_SIGNATURE: { type: 0x105, layout: CORIM_DATA },
  CCA_POLICY: { type: 0x106, layout: CCA_POLICY },
  PARAMETER_AREA: { type: 0x301, layout: PARAMETER_AREA },
  PAGE_DATA: { type: 0x302, layout: PAGE_DATA },
  PARAMETER_INSERT: { type: 0x303, layout: PARAMETER_INSERT },
  VP_CONTEXT: { type: 0x304, layout: VP_CONTEXT },
  REQUIRED_MEMORY: { type: 0x305, layout: REQUIRED_MEMORY },
  VP_COUNT_PARAMETER: { type: 0x307, layout: PARAMETER },
  SRAT: { type: 0x308, layout: PARAMETER },
  MADT: { type: 0x309, layout: PARAMETER },
  MMIO_RANGES: { type: 0x30a, layout: PARAMETER },
  SNP_ID_BLOCK: { type: 0x30b, layout: SNP_ID_BLOCK },
  MEMORY_MAP: { type: 0x30c, layout: PARAMETER },
  ERROR_RANGE: { type: 0x30d, layout: ERROR_RANGE },
  COMMAND_LINE: { type: 0x30e, layout: PARAMETER },
  SLIT: { type: 0x30f, layout: PARAMETER },
  PPTT: { type: 0x310, layout: PARAMETER },
  VBS_MEASUREMENT: { type: 0x311, layout: VBS_MEASUREMENT },
  DEVICE_TREE: { type: 0x312, layout: PARAMETER },
  ENVIRONMENT_INFO_PARAMETER: { type: 0x313, layout: PARAMETER },
};

type ValuesOf<K extends HeaderKind> = LayoutValues<Structures[K]>;

/** A header of one kind; `data` are the bytes that its file_offset names, if it names any. */
export interface HeaderOf<K extends HeaderKind> {
  readonly kind: K;
  readonly values: ValuesOf<K>;
  /** Where its values lie in the file. */
  readonly at: number;
  readonly data?: ByteSource;
}

/** A header that this version knows. */
export type KnownHeader = { [K in HeaderKind]: HeaderOf<K> }[HeaderKind];

/** A header that may be passed over by whoever does not know it. */
export interface UnknownHeader {
  readonly kind: 'unknown';
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly at: number;
}

export type IgvmHeader = KnownHeader | UnknownHeader;

/** A file, its headers in their order. */
export interface IgvmFile {
  /** 1; 2 names an architecture. */
  readonly version: 1 | 2;
  readonly architecture: 'x64' | 'aarch64';
  readonly headers: readonly IgvmHeader[];
}

const BY_TYPE: ReadonlyMap<number, HeaderKind> = new Map(
  (Object.keys(HEADERS) as HeaderKind[]).map((kind) => [HEADERS[kind].type, kind]),
);

/** The kind of header of a type. */
export function kindOf(type: number): HeaderKind | undefined {
  return BY_TYPE.get(type);
}

/** The structure of a kind, whatever its fields are. */
export function layoutOf(kind: HeaderKind): Layout<readonly Field[]> {
  // Reading and writing go by the table; what a table's fields are is the caller's to know.
  return HEADERS[kind].layout;
}

/** A header to be written: fields that are not given are zero, `file_offset` is the writer's. Throws STRUCT_VALUE. */
export function header<K extends HeaderKind>(
  kind: K,
  values: Partial<ValuesOf<K>>,
  data?: ByteSource,
): KnownHeader {
  const layout = layoutOf(kind);
  const whole = layout.read(layout.write(values));
  return { kind, values: whole, at: 0, ...(data === undefined ? {} : { data }) } as unknown as KnownHeader;
}

/** The platforms of a header by their bits; headers that belong to no platform have none. */
export function maskOf({ values }: KnownHeader): number | undefined {
  return 'compatibility_mask' in values ? values.compatibility_mask : undefined;
}
