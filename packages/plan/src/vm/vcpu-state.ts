// SPDX-License-Identifier: Apache-2.0
import { VMSA, VMSA_SEGMENT } from '../snp/vmsa.js';
import type { SegmentRow, VmsaState } from '../snp/vmsa.js';

/** Registers of a vCPU that enters the shim. AMD 24593 rev 3.42, 3.1 (CR0, CR4, EFER). */
export const VM_REGISTERS = {
  /** PE, MP, ET, NE, WP, AM, PG. */
  CR0: 0x80050033n,
  /** PAE, OSFXSR, OSXMMEXCPT, UMIP, OSXSAVE, SMEP, SMAP. */
  CR4: 0x340e20n,
  /** SCE, LME, LMA, NXE. */
  EFER: 0xd01n,
  RFLAGS: 0x2n,
} as const;

const NONE: SegmentRow = [0, 0, 0];
const DATA: SegmentRow = [0x10, 0xc93, 0xffffffff];

/** Segment registers: selector, attributes, limit. In 64-bit mode limits mean nothing; these are what every CPU takes. */
export const VM_SEGMENTS: VmsaState['segments'] = {
  es: DATA,
  cs: [0x08, 0x29b, 0xfffff],
  ss: DATA,
  ds: DATA,
  fs: NONE,
  gs: NONE,
  gdtr: NONE,
  ldtr: NONE,
  idtr: NONE,
  tr: [0x18, 0x8b, 0x67],
};

/** What differs between Keeps and vCPUs. */
export interface VcpuInput {
  /** Guest virtual address of the shim's entry. */
  readonly entry: bigint;
  /** CR3. */
  readonly root: bigint;
  /** The vCPU page. */
  readonly gsBase: bigint;
  readonly xcr0: bigint;
}

/** What a hypervisor makes of a state before the CPU measures it; the hypervisors themselves are data. */
export interface VcpuAdditions {
  /** Where this is known from. */
  readonly source: string;
  /** Bits that it sets. */
  readonly efer: bigint;
  readonly cr4: bigint;
  /** What it leaves as after reset. */
  readonly registers: Pick<VmsaState['registers'], 'dr6' | 'dr7' | 'g_pat' | 'mxcsr' | 'x87_fcw'>;
  /** SEV_FEATURES. */
  readonly features: bigint;
}

/**
 * The state of docs/vm-keep.md that a vCPU starts with, as a VMSA page; with `additions`, as the CPU measures it. The
 * caller owns it.
 */
export function vcpuState(input: VcpuInput, additions?: VcpuAdditions): Uint8Array {
  const names = Object.keys(VM_SEGMENTS) as (keyof typeof VM_SEGMENTS)[];
  const segments = names.map((name) => {
    const [selector, attributes, limit] = VM_SEGMENTS[name];
    const base = name === 'gs' ? input.gsBase : 0n;
    return [name, VMSA_SEGMENT.write({ selector, attributes, limit, base })] as const;
  });
  return VMSA.write({
    ...(Object.fromEntries(segments) as Record<(typeof names)[number], Uint8Array>),
    ...additions?.registers,
    efer: VM_REGISTERS.EFER | (additions?.efer ?? 0n),
    cr4: VM_REGISTERS.CR4 | (additions?.cr4 ?? 0n),
    cr3: input.root,
    cr0: VM_REGISTERS.CR0,
    rflags: VM_REGISTERS.RFLAGS,
    rip: input.entry,
    xcr0: input.xcr0,
    sev_features: additions?.features ?? 0n,
  });
}
