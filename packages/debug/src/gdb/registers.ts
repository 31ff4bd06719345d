// SPDX-License-Identifier: Apache-2.0
// The registers that gdb knows of x86-64 Linux, and where an SSA frame has them. GDB manual 13.1, G.5.6.
import { GPRSGX } from '@motte/binary/sgx/gprsgx';
import type { GPRSGX_FIELDS } from '@motte/binary/sgx/gprsgx';

/** Where a register is. */
export type Place =
  /** A field of GPRSGX. */
  | { readonly in: 'gpr'; readonly field: (typeof GPRSGX_FIELDS)[number]['name'] }
  /** Bytes of the XSAVE area, of a state component (bit of XSTATE_BV). */
  | { readonly in: 'xsave'; readonly at: number; readonly bytes: number; readonly component: 0 | 1 | 2 }
  /** The x87 tag word, which XSAVE has with a bit for each register, gdb with two. */
  | { readonly in: 'tags' }
  /** The same for each program. */
  | { readonly in: 'fixed'; readonly value: number };

export interface Register {
  readonly name: string;
  /** Bytes that gdb has of it. */
  readonly size: number;
  /** Of target.xml. */
  readonly type: string;
  readonly feature: Feature;
  readonly place: Place;
}

type Feature = 'core' | 'sse' | 'avx' | 'segments';

const SIXTEEN = Array.from({ length: 16 }, (_, i) => i);

function gpr(
  field: Extract<Place, { in: 'gpr' }>['field'],
  name: string,
  type = 'int64',
  feature: Feature = 'core',
  size = 8,
): Register {
  return { name, size, type, feature, place: { in: 'gpr', field } };
}

const fixed = (name: string, value: number): Register => ({
  name,
  size: 4,
  type: 'int32',
  feature: 'core',
  place: { in: 'fixed', value },
});

function xsave(
  name: string,
  [size, type, feature]: readonly [number, string, Feature],
  [at, bytes, component]: readonly [number, number, 0 | 1 | 2],
): Register {
  return { name, size, type, feature, place: { in: 'xsave', at, bytes, component } };
}

const FPU_WORD = [4, 'int32', 'core'] as const;

/** YMM_Hi128 in the standard format: CPUID.(EAX=0DH,ECX=2).EBX on each CPU that has AVX. */
const YMM_HIGH = 0x240;

/** In the order of their numbers, and so of the packet `g`. */
export const REGISTERS: readonly Register[] = [
  ...(['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi'] as const).map((name) => gpr(name, name)),
  gpr('rbp', 'rbp', 'data_ptr'),
  gpr('rsp', 'rsp', 'data_ptr'),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const).map((name) => gpr(name, name)),
  gpr('rip', 'rip', 'code_ptr'),
  gpr('rflags', 'eflags', 'int32', 'core', 4),
  // As Linux has them for every 64-bit program; an enclave cannot load others.
  fixed('cs', 0x33),
  fixed('ss', 0x2b),
  ...['ds', 'es', 'fs', 'gs'].map((name) => fixed(name, 0)),
  ...SIXTEEN.slice(0, 8).map((i) => xsave(`st${i}`, [10, 'i387_ext', 'core'], [0x20 + 16 * i, 10, 0])),
  xsave('fctrl', FPU_WORD, [0x00, 2, 0]),
  xsave('fstat', FPU_WORD, [0x02, 2, 0]),
  { name: 'ftag', size: 4, type: 'int32', feature: 'core', place: { in: 'tags' } },
  xsave('fiseg', FPU_WORD, [0x0c, 2, 0]),
  xsave('fioff', FPU_WORD, [0x08, 4, 0]),
  xsave('foseg', FPU_WORD, [0x14, 2, 0]),
  xsave('fooff', FPU_WORD, [0x10, 4, 0]),
  xsave('fop', FPU_WORD, [0x06, 2, 0]),
  ...SIXTEEN.map((i) => xsave(`xmm${i}`, [16, 'vec128', 'sse'], [0xa0 + 16 * i, 16, 1])),
  // MXCSR is of the legacy area, and in use with SSE and with AVX.
  xsave('mxcsr', [4, 'int32', 'sse'], [0x18, 4, 1]),
  ...SIXTEEN.map((i) => xsave(`ymm${i}h`, [16, 'uint128', 'avx'], [YMM_HIGH + 16 * i, 16, 2])),
  gpr('fsbase', 'fs_base', 'int64', 'segments'),
  gpr('gsbase', 'gs_base', 'int64', 'segments'),
];

/** By name. */
export const NUMBER: ReadonlyMap<string, number> = new Map(REGISTERS.map(({ name }, i) => [name, i]));

/** Offset in GPRSGX of a field. */
export const gprOffset = (field: Extract<Place, { in: 'gpr' }>['field']): number => GPRSGX.offsetOf(field);

const VECTOR = `<vector id="v4f" type="ieee_single" count="4"/><vector id="v2d" type="ieee_double" count="2"/><vector id="v16i8" type="int8" count="16"/><vector id="v4i32" type="int32" count="4"/><vector id="v2i64" type="int64" count="2"/><union id="vec128"><field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/><field name="v16_int8" type="v16i8"/><field name="v4_int32" type="v4i32"/><field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>`;

/** target.xml: which registers there are. */
export function targetXml(): string {
  const feature = (id: Feature): string => {
    const rows = REGISTERS.flatMap((register, number) =>
      register.feature === id
        ? [
            `<reg name="${register.name}" bitsize="${8 * register.size}" type="${register.type}" regnum="${number}"/>`,
          ]
        : [],
    );
    return `<feature name="org.gnu.gdb.i386.${id}">${id === 'sse' ? VECTOR : ''}${rows.join('')}</feature>`;
  };
  const features = (['core', 'sse', 'avx', 'segments'] as const).map(feature).join('');
  return `<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target><architecture>i386:x86-64</architecture><osabi>GNU/Linux</osabi>${features}</target>`;
}
