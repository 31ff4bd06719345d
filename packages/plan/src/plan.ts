// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';

/**
 * What a run of pages is to the CPU. `reg` are plain pages. SGX has `tcs` and `secs`, which is always the first run of
 * its plans: its page carries SIZE, SSAFRAMESIZE, MISCSELECT and ATTRIBUTES. VM-based Keeps have a `vmsa` for the state
 * that each vCPU starts with, after all other runs, and under SEV-SNP a page each that the firmware fills, `secrets` and
 * `cpuid`.
 */
export type PageKind = 'secs' | 'reg' | 'tcs' | 'vmsa' | 'secrets' | 'cpuid';

/** What the Keep may do with a page. A TCS page has none: the CPU alone uses it. */
export interface Permissions {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** `RunSource.file` of pages that the plan itself makes. */
export const MADE_FILE = 'keep';

/** Where a run's bytes come from: for people, for `diff`, and for reading a written plan. */
export interface RunSource {
  /**
   * A file's name as it was given, `shim` for the shim, `keep` (MADE_FILE) for pages that the plan itself
   * makes.
   */
  readonly file: string;
  /**
   * ELF section or segment, or the name of the part of the Keep: `.text`, `PT_LOAD 2`, `ssa 0`, `heap` ...
   */
  readonly section: string;
  /** Offset in the file of the run's first byte that comes from it. */
  readonly offset: number;
  /** Zero bytes before that byte, where a segment does not begin on a page boundary. */
  readonly lead?: number;
  /**
   * Set when the file does not hold the run's bytes one after the other as loaded: a written plan carries
   * them.
   */
  readonly inline?: true;
}

/** A run of pages that are alike in kind, permissions and measurement, in launch order. */
export interface PageRun {
  /** Where the first page goes: an offset from the Keep's base (VM: VM_MAP.BASE), a multiple of 4096. */
  readonly address: bigint;
  readonly pages: number;
  readonly kind: PageKind;
  readonly permissions: Permissions;
  /**
   * Whether the pages' contents are measured; that they exist, where and with which permissions, always is.
   */
  readonly measured: boolean;
  /** The first bytes of the run, at most `4096 * pages`; all that follows is zero and held nowhere. */
  readonly bytes: ByteSource;
  readonly source: RunSource;
}

/**
 * The ordered pages that make up a Keep. Measuring, loading, drawing and comparing fold over this, so that
 * what is measured is what is loaded.
 */
export interface PagePlan {
  readonly tee: 'sgx' | 'kvm' | 'snp';
  /** Bytes of address space that the Keep takes from its base on (SGX: SECS.SIZE). */
  readonly size: bigint;
  readonly runs: readonly PageRun[];
}
