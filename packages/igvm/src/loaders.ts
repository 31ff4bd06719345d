// SPDX-License-Identifier: Apache-2.0
import { KEEP_KVM } from '@motte/measure/profiles/keep';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import type { VmmProfile } from '@motte/plan/snp/profile';
import type { HeaderKind } from './headers.js';

/** What KVM makes of the state that user space gives a vCPU, which it measures in place of the file's VMSA. */
export interface KvmState {
  /** Bits that it sets. */
  readonly efer: bigint;
  readonly cr4: bigint;
  /**
   * Ranges of a VMSA that the loader can give to KVM, [from, to); all else must be zero, as a vCPU would start without
   * it. `undefined`: the loader is told nothing of how.
   */
  readonly given: readonly (readonly [number, number])[] | undefined;
  /** Further vCPUs, of which the file says nothing; `undefined` where nobody knows them. */
  readonly others: VmmProfile['otherVcpus'] | undefined;
}

/** How a loader launches the pages of an IGVM file. */
export interface IgvmLoader {
  readonly name: string;
  readonly source: string;
  /** PAGE_DATA without bytes: a page like others, or one that firmware makes itself. */
  readonly zeroPages: 'normal' | 'zero';
  /** Pages that are the host's too: left out of the launch, or the file is refused. */
  readonly sharedPages: 'skipped' | 'refused';
  /** Pages in the order of the file; or QEMU's, which launches a region of equal neighbours when the next begins. */
  readonly order: 'file' | 'regions';
  /** Headers for any platform that the loader knows; without it, all. */
  readonly knows?: ReadonlySet<HeaderKind>;
  /** KVM measures vCPUs after all pages, at a GPA of its own; without it they are pages in the order of the file. */
  readonly kvm?: KvmState;
}

/** What QEMU copies of a VMSA into its own state. AMD 24593 rev 3.42, table B-4 has the offsets. */
const QEMU_GIVES: KvmState['given'] = [
  [0x000, 0x0a0], // segments
  [0x0d0, 0x0d8], // EFER
  [0x148, 0x180], // CR4 to RIP
  [0x1d8, 0x1e0], // RSP
  [0x1f8, 0x200], // RAX
  [0x268, 0x270], // G_PAT
  [0x308, 0x320], // RCX, RDX, RBX
  [0x328, 0x380], // RBP to R15
  [0x3b0, 0x3b8], // SEV_FEATURES
  [0x3e8, 0x3f0], // XCR0
  [0x408, 0x40c], // MXCSR
  [0x410, 0x412], // x87_FCW
];

const KVM_BITS = { efer: KEEP_KVM.additions.efer, cr4: KEEP_KVM.additions.cr4 } as const;

const QEMU: IgvmLoader = {
  name: 'QEMU',
  source:
    'QEMU 10.1 and later, backends/igvm.c and target/i386/sev.c (03025db), on Linux 6.11 and later; COCONUT-SVSM f4bc4bcd, ' +
    'tools/igvmmeasure (--check-kvm); no vector',
  zeroPages: 'normal',
  // QEMU does not look at the flag, and would launch such a page as the guest's own.
  sharedPages: 'refused',
  order: 'regions',
  knows: new Set<HeaderKind>([
    'SUPPORTED_PLATFORM',
    'GUEST_POLICY',
    'PAGE_DATA',
    'VP_CONTEXT',
    'PARAMETER_AREA',
    'PARAMETER_INSERT',
    'MEMORY_MAP',
    'VP_COUNT_PARAMETER',
    'ENVIRONMENT_INFO_PARAMETER',
    'REQUIRED_MEMORY',
    'SNP_ID_BLOCK',
    'MADT',
  ]),
  kvm: { ...KVM_BITS, given: QEMU_GIVES, others: VMM_PROFILES.QEMU.otherVcpus },
};

const HYPERV: IgvmLoader = {
  name: 'hyperv',
  source:
    'Hyper-V and VMMs on it (OpenVMM, Cloud Hypervisor): the order and the page types of the definition, as ' +
    'microsoft/igvm e6c3ff1, igvm/src/measurement/snp.rs has them; COCONUT-SVSM f4bc4bcd, tools/igvmmeasure; no vector',
  zeroPages: 'normal',
  sharedPages: 'skipped',
  order: 'file',
};

const NATIVE_ZERO: IgvmLoader = {
  name: 'native-zero',
  source:
    'a VMM on KVM that has firmware make pages of zeros: `motte run --tee snp` of the Keep itself, and, as COCONUT-SVSM ' +
    'f4bc4bcd has it (igvmmeasure --native-zero), Google’s Vanadium; no vector',
  zeroPages: 'zero',
  sharedPages: 'skipped',
  order: 'file',
  kvm: { ...KVM_BITS, given: undefined, others: undefined },
};

/** Names of loaders. */
export type IgvmLoaderName = 'QEMU' | 'hyperv' | 'native-zero';

/** Those whose launches are known, by name. */
export const IGVM_LOADERS: Readonly<Record<IgvmLoaderName, IgvmLoader>> = {
  QEMU,
  hyperv: HYPERV,
  'native-zero': NATIVE_ZERO,
};
