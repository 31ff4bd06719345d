// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE, toSafeNumber } from '@motte/binary/range';
import { sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import type { PagePlan } from '@motte/plan/plan';
import { vmLaunchPlan } from '@motte/plan/vm/launch';
import type { SnpRun } from '@motte/plan/snp/plan';
import { VM_MAP } from '@motte/plan/vm/map';
import { vmInfoOf } from '@motte/plan/vm/read';
import { PAGE_DATA_TYPES } from './directives.js';
import { header } from './headers.js';
import type { IgvmFile, IgvmHeader } from './headers.js';
import { igvmIdBlock } from './snp-id-block.js';
import type { SnpIdentity } from '@motte/sign/snp/id-block';
import { PLATFORM_TYPES, PLATFORM_VERSION } from './structures.js';

/** The bit of the one platform that a Keep's file has. */
const MASK = 1;

/** Bytes of one REQUIRED_MEMORY, whose field has 32 bits: whole large pages. */
const MOST_MEMORY = 0xffe0_0000n;

/** What a Keep's file says beside its pages. */
export interface KeepIgvmOptions {
  /** POLICY of SNP_LAUNCH_START; that of the ID block, where there is one. */
  readonly policy: bigint;
  readonly identity?: SnpIdentity | undefined;
}

/** `source` with zeros behind it, up to `size` bytes. */
function paddedSource(source: ByteSource, size: number): ByteSource {
  if (source.size === size) return source;
  return {
    size,
    read(offset, into) {
      const have = Math.max(0, Math.min(into.length, source.size - offset));
      if (have > 0) source.read(offset, into.subarray(0, have));
      into.fill(0, have);
    },
  };
}

function pageBytes({ bytes }: SnpRun, index: number): ByteSource {
  const from = index * PAGE_SIZE;
  return paddedSource(sliceSource(bytes, from, Math.min(PAGE_SIZE, bytes.size - from)), PAGE_SIZE);
}

/** The kinds of pages that a Keep is launched from; pages of zeros that no file supplies have no bytes. */
const DATA_TYPES: Readonly<Partial<Record<SnpRun['type'], number>>> = {
  normal: PAGE_DATA_TYPES.normal,
  zero: PAGE_DATA_TYPES.normal,
  secrets: PAGE_DATA_TYPES.secrets,
  cpuid: PAGE_DATA_TYPES.cpuid,
};

function* runHeaders(run: SnpRun, vcpu: number): Generator<IgvmHeader> {
  const { gpa, pages, type } = run;
  if (type === 'vmsa') {
    yield header('VP_CONTEXT', { gpa, compatibility_mask: MASK, vp_index: vcpu }, pageBytes(run, 0));
    return;
  }
  const dataType = DATA_TYPES[type];
  if (dataType === undefined)
    throw new MotteError('PLAN_INVALID', { field: 'runs', expected: 'pages of a Keep', found: type });
  for (let i = 0; i < pages; i++) {
    const values = { gpa: gpa + BigInt(i * PAGE_SIZE), compatibility_mask: MASK, data_type: dataType };
    yield header('PAGE_DATA', values, type === 'normal' ? pageBytes(run, i) : undefined);
  }
}

/** The guest pages that a Keep has from the start, beside those that are launched. */
function memoryHeaders({ runs }: PagePlan): IgvmHeader[] {
  const { pages_start: from, pages_ready: to } = vmInfoOf(runs);
  const out: IgvmHeader[] = [];
  for (let at = from; at < to; at += MOST_MEMORY) {
    const bytes = to - at < MOST_MEMORY ? to - at : MOST_MEMORY;
    out.push(
      header('REQUIRED_MEMORY', {
        gpa: BigInt(VM_MAP.BASE) + at,
        compatibility_mask: MASK,
        number_of_bytes: toSafeNumber(bytes, 'REQUIRED_MEMORY.number_of_bytes'),
      }),
    );
  }
  return out;
}

/**
 * A Keep's plan for SEV-SNP as an IGVM file: policy, pages in launch order, the memory that it has from the start, a state
 * for each vCPU and, if it is signed, its ID block. Memory that the host shares has no header: it is what is not launched
 * and not required. Throws PLAN_INVALID.
 */
export function keepIgvm(plan: PagePlan, { policy, identity }: KeepIgvmOptions): IgvmFile {
  if (plan.tee !== 'snp')
    throw new MotteError('PLAN_INVALID', { field: 'tee', expected: 'snp', found: plan.tee });
  const { runs } = vmLaunchPlan(plan);
  const pages = runs.filter(({ type }) => type !== 'vmsa');
  const vcpus = runs.filter(({ type }) => type === 'vmsa');
  const headers: IgvmHeader[] = [
    header('SUPPORTED_PLATFORM', {
      compatibility_mask: MASK,
      platform_type: PLATFORM_TYPES['sev-snp'],
      platform_version: PLATFORM_VERSION,
    }),
    header('GUEST_POLICY', { policy, compatibility_mask: MASK }),
    ...pages.flatMap((run) => [...runHeaders(run, 0)]),
    ...memoryHeaders(plan),
    ...vcpus.flatMap((run, i) => [...runHeaders(run, i)]),
    ...(identity === undefined ? [] : [header('SNP_ID_BLOCK', igvmIdBlock(identity, MASK))]),
  ];
  return { version: 1, architecture: 'x64', headers };
}
