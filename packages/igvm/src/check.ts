// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { LARGE_PAGE } from './data-size.js';
import { PAGE_DATA_TYPES, PAGE_FLAGS } from './directives.js';
import { layoutOf, maskOf } from './headers.js';
import type { HeaderKind, HeaderOf, IgvmFile, KnownHeader } from './headers.js';
import { ParameterAreas } from './parameter-areas.js';
import { PLATFORM_TYPES } from './structures.js';

/** No x86 or Arm CPU has more bits of physical addresses. */
const GPA_END = 1n << 52n;
const PAGE = BigInt(PAGE_SIZE);
/** Virtual trust levels are 0 to 2, and the highest of a guest is the first or the last. */
const VTL_MOST = 2;
/** Platforms whose guests have no addresses that are the host's too. */
const NEVER_SHARED: readonly number[] = [PLATFORM_TYPES.native, PLATFORM_TYPES.vsm];

type Found = string | number | bigint;

/** What is wrong with a field of a header, and where it lies. */
function bad({ kind, at }: KnownHeader, field: string, expected: string, found: Found): MotteError {
  const layout = layoutOf(kind);
  return new MotteError('IGVM_FORMAT', {
    field: `${kind}.${field}`,
    expected,
    found,
    offset: at + layout.offsetOf(field),
  });
}

/** Whole pages that a CPU can address. */
function checkPages(header: KnownHeader, gpa: bigint, size: bigint, names: readonly [string, string]): void {
  if (gpa % PAGE !== 0n || gpa >= GPA_END) throw bad(header, names[0], 'a page below 2^52', gpa);
  if (size === 0n || size % PAGE !== 0n || gpa + size > GPA_END)
    throw bad(header, names[1], 'whole pages below 2^52', size);
}

function checkPlatform(header: HeaderOf<'SUPPORTED_PLATFORM'>, known: number): number {
  const { compatibility_mask: mask, platform_type: type, highest_vtl: vtl } = header.values;
  if (mask === 0 || (mask & (mask - 1)) !== 0)
    throw bad(header, 'compatibility_mask', 'one bit', `0x${mask.toString(16)}`);
  if ((mask & known) !== 0)
    throw bad(header, 'compatibility_mask', 'a bit of no platform before', `0x${mask.toString(16)}`);
  if (!Object.values<number>(PLATFORM_TYPES).includes(type))
    throw bad(header, 'platform_type', `at most ${PLATFORM_TYPES.cca}`, type);
  if (vtl !== 0 && vtl !== VTL_MOST) throw bad(header, 'highest_vtl', `0 or ${VTL_MOST}`, vtl);
  const { shared_gpa_boundary: boundary } = header.values;
  if (boundary !== 0n && NEVER_SHARED.includes(type))
    throw bad(header, 'shared_gpa_boundary', '0 on this platform', boundary);
  return (known | mask) >>> 0;
}

function checkMask(header: KnownHeader, known: number): void {
  const mask = maskOf(header);
  if (mask === undefined) return;
  if (mask === 0 || (mask & ~known) !== 0)
    throw bad(
      header,
      'compatibility_mask',
      `some of 0x${known.toString(16)}, the platforms of the file`,
      `0x${mask.toString(16)}`,
    );
}

function checkPageData(header: HeaderOf<'PAGE_DATA'>): void {
  const { gpa, flags, data_type: type } = header.values;
  const all = PAGE_FLAGS.LARGE | PAGE_FLAGS.UNMEASURED | PAGE_FLAGS.SHARED;
  if ((flags & ~all) !== 0) throw bad(header, 'flags', `bits of 0x${all.toString(16)}`, flags);
  if (type > PAGE_DATA_TYPES.cpuid_xf)
    throw bad(header, 'data_type', `at most ${PAGE_DATA_TYPES.cpuid_xf}`, type);
  const large = (flags & PAGE_FLAGS.LARGE) !== 0;
  if (large && type !== PAGE_DATA_TYPES.normal)
    throw bad(header, 'flags', 'no large page of this type', flags);
  const size = BigInt(large ? LARGE_PAGE : PAGE_SIZE);
  if (gpa % size !== 0n || gpa >= GPA_END)
    throw bad(header, 'gpa', `a multiple of 0x${size.toString(16)} below 2^52`, gpa);
}

/** What stands once for a platform. */
const ONCE: ReadonlySet<HeaderKind> = new Set([
  'GUEST_POLICY',
  'CCA_POLICY',
  'SNP_ID_BLOCK',
  'VBS_MEASUREMENT',
  'CORIM_DOCUMENT',
  'CORIM_SIGNATURE',
]);

/** The name of what stands once, a vCPU of a number too. */
function onceKey({ kind, values }: KnownHeader): string | undefined {
  if (kind === 'VP_CONTEXT') return `vCPU ${values.vp_index}`;
  return ONCE.has(kind) ? kind : undefined;
}

class Once {
  readonly #masks = new Map<string, number>();

  add(header: KnownHeader): void {
    const key = onceKey(header);
    if (key === undefined) return;
    const mask = maskOf(header) ?? 0;
    const before = this.#masks.get(key) ?? 0;
    if ((before & mask) !== 0)
      throw bad(
        header,
        'compatibility_mask',
        `no platform that has a ${key} already`,
        `0x${mask.toString(16)}`,
      );
    this.#masks.set(key, before | mask);
  }
}

function checkHeader(header: KnownHeader, areas: ParameterAreas): void {
  const { kind, values } = header;
  if ('vtl' in values && values.vtl > VTL_MOST) throw bad(header, 'vtl', `at most ${VTL_MOST}`, values.vtl);
  if (kind === 'PAGE_DATA') checkPageData(header);
  else if (kind === 'VP_CONTEXT') {
    if (values.gpa % PAGE !== 0n || values.gpa >= GPA_END)
      throw bad(header, 'gpa', 'a page below 2^52', values.gpa);
  } else if (kind === 'REQUIRED_MEMORY') {
    if (values.flags > 1) throw bad(header, 'flags', '0 or 1', values.flags);
    checkPages(header, values.gpa, BigInt(values.number_of_bytes), ['gpa', 'number_of_bytes']);
  } else if (kind === 'ERROR_RANGE') {
    checkPages(header, values.gpa, BigInt(values.size_bytes), ['gpa', 'size_bytes']);
  } else if (kind === 'RELOCATABLE_REGION') {
    const { relocation_region_gpa: gpa, relocation_region_size: size } = values;
    checkPages(header, gpa, size, ['relocation_region_gpa', 'relocation_region_size']);
  } else if (kind === 'PAGE_TABLE_RELOCATION_REGION') {
    checkPages(header, values.gpa, values.size, ['gpa', 'size']);
  } else if (kind === 'PARAMETER_AREA') {
    checkPages(header, 0n, values.number_of_bytes, ['number_of_bytes', 'number_of_bytes']);
    areas.declare(header);
  } else if (kind === 'PARAMETER_INSERT') {
    checkPages(header, values.gpa, BigInt(areas.insert(header)), ['gpa', 'gpa']);
  } else if ('byte_offset' in values) areas.put(header);
}

/**
 * Returns `file` when its headers fit together: one bit a platform, no header for a platform that is not there, whole
 * pages, parameter areas that are declared, filled and inserted in this order. Throws IGVM_FORMAT.
 */
export function checkIgvm(file: IgvmFile): IgvmFile {
  const areas = new ParameterAreas();
  const once = new Once();
  let known = 0;
  for (const header of file.headers) {
    if (header.kind === 'unknown') continue;
    if (header.kind === 'SUPPORTED_PLATFORM') known = checkPlatform(header, known);
    checkMask(header, known);
    once.add(header);
    checkHeader(header, areas);
  }
  if (known === 0)
    throw new MotteError('IGVM_FORMAT', {
      field: 'SUPPORTED_PLATFORM',
      expected: 'a platform',
      found: 'none',
    });
  return file;
}
