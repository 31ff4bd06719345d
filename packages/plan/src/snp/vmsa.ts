// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { layout } from '@motte/binary/layout';
import type { Layout, LayoutValues } from '@motte/binary/layout';

/** A segment register: selector, attributes, limit, base. */
const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'gdtr', 'ldtr', 'idtr', 'tr'] as const;

export const VMSA_SEGMENT_FIELDS = [
  { at: 0x0, name: 'selector', type: 'u16' },
  { at: 0x2, name: 'attributes', type: 'u16', doc: 'descriptor bits 55:52 and 47:40' },
  { at: 0x4, name: 'limit', type: 'u32' },
  { at: 0x8, name: 'base', type: 'u64' },
] as const;

const SOURCE = 'AMD 24593 rev 3.42, table B-4, Save State Area for SEV-ES';

export const VMSA_SEGMENT: Layout<typeof VMSA_SEGMENT_FIELDS> = layout(
  { name: 'VMSA segment', size: 16, source: SOURCE },
  VMSA_SEGMENT_FIELDS,
);

export const VMSA_FIELDS = [
  { at: 0x000, name: 'es', type: 'bytes16' },
  { at: 0x010, name: 'cs', type: 'bytes16' },
  { at: 0x020, name: 'ss', type: 'bytes16' },
  { at: 0x030, name: 'ds', type: 'bytes16' },
  { at: 0x040, name: 'fs', type: 'bytes16' },
  { at: 0x050, name: 'gs', type: 'bytes16' },
  { at: 0x060, name: 'gdtr', type: 'bytes16' },
  { at: 0x070, name: 'ldtr', type: 'bytes16' },
  { at: 0x080, name: 'idtr', type: 'bytes16' },
  { at: 0x090, name: 'tr', type: 'bytes16' },
  { at: 0x0a0, name: 'unused_0a0', type: 'bytes48', doc: 'shadow stacks, VMPL, CPL' },
  { at: 0x0d0, name: 'efer', type: 'u64' },
  { at: 0x0d8, name: 'unused_0d8', type: 'bytes112', doc: 'XSS and what SNP reserves' },
  { at: 0x148, name: 'cr4', type: 'u64' },
  { at: 0x150, name: 'cr3', type: 'u64' },
  { at: 0x158, name: 'cr0', type: 'u64' },
  { at: 0x160, name: 'dr7', type: 'u64' },
  { at: 0x168, name: 'dr6', type: 'u64' },
  { at: 0x170, name: 'rflags', type: 'u64' },
  { at: 0x178, name: 'rip', type: 'u64' },
  {
    at: 0x180,
    name: 'unused_180',
    type: 'bytes232',
    doc: 'debug registers, RSP, RAX, system call registers',
  },
  { at: 0x268, name: 'g_pat', type: 'u64' },
  { at: 0x270, name: 'unused_270', type: 'bytes160', doc: 'debug control, PKRU, RCX and others' },
  { at: 0x310, name: 'rdx', type: 'u64' },
  { at: 0x318, name: 'unused_318', type: 'bytes152', doc: 'further registers, GUEST_EXIT_INFO, VIRTUAL_TOM' },
  { at: 0x3b0, name: 'sev_features', type: 'u64' },
  { at: 0x3b8, name: 'unused_3b8', type: 'bytes48', doc: 'VINTR_CTRL, TSC scale, EVENT_INJ' },
  { at: 0x3e8, name: 'xcr0', type: 'u64' },
  { at: 0x3f0, name: 'unused_3f0', type: 'bytes24', doc: 'x87 data pointer' },
  { at: 0x408, name: 'mxcsr', type: 'u32' },
  { at: 0x40c, name: 'x87_ftw', type: 'u16' },
  { at: 0x40e, name: 'x87_fsw', type: 'u16' },
  { at: 0x410, name: 'x87_fcw', type: 'u16' },
  { at: 0x412, name: 'unused_412', type: 'bytes3054', doc: 'x87, XMM and YMM registers; then nothing' },
] as const;

/** The state that a vCPU starts with, as far as any VMM sets it; all else is zero. */
export const VMSA: Layout<typeof VMSA_FIELDS> = layout(
  { name: 'VMSA', size: 4096, source: SOURCE },
  VMSA_FIELDS,
);

/** A segment register as a table row: selector, attributes, limit. Bases are 0, but for CS. */
export type SegmentRow = readonly [selector: number, attributes: number, limit: number];

/** Registers that a VMM gives every vCPU, or the first or the others alone. */
export interface VmsaState {
  /** `real`: the upper half of the entry point is in CS.base, as after reset; `flat`: all of it is in RIP. */
  readonly entry: 'real' | 'flat';
  readonly segments: Readonly<Record<(typeof SEGMENTS)[number], SegmentRow>>;
  readonly registers: Partial<
    Omit<
      LayoutValues<typeof VMSA_FIELDS>,
      (typeof SEGMENTS)[number] | 'rip' | 'sev_features' | `unused_${string}`
    >
  >;
}

/** What of a vCPU depends on the launch. */
export interface VcpuStart {
  /** Linear address of the first instruction. */
  readonly eip: number;
  readonly sevFeatures: bigint;
  /** CPUID 1 EAX, where the VMM puts it in RDX. */
  readonly signature?: number | bigint;
}

/** A vCPU's initial VMSA page. The caller owns it. */
export function vmsaPage(state: VmsaState, start: VcpuStart): Uint8Array {
  const { eip, sevFeatures, signature } = start;
  if (!Number.isInteger(eip) || eip < 0 || eip > 0xffffffff)
    throw new MotteError('SNP_INPUT', { field: 'eip', expected: '32 bits', found: eip });
  const base = state.entry === 'real' ? eip - (eip % 0x10000) : 0;
  const segments = SEGMENTS.map((name) => {
    const [selector, attributes, limit] = state.segments[name];
    const own = name === 'cs' ? BigInt(base) : 0n;
    return [name, VMSA_SEGMENT.write({ selector, attributes, limit, base: own })] as const;
  });
  return VMSA.write({
    ...(Object.fromEntries(segments) as Record<(typeof SEGMENTS)[number], Uint8Array>),
    ...state.registers,
    ...(signature === undefined ? {} : { rdx: BigInt(signature) }),
    rip: BigInt(eip - base),
    sev_features: sevFeatures,
  });
}
