// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { readBytes } from '@motte/binary/source';
import { MAX_VCPUS, RESET_VECTOR, vmsaRuns } from '@motte/plan/snp/launch';
import { VMSA_GPA } from '@motte/plan/snp/plan';
import type { SnpRun } from '@motte/plan/snp/plan';
import { VMSA, vmsaPage } from '@motte/plan/snp/vmsa';
import type { VP_CONTEXT_FIELDS } from './directives.js';
import { VP_CONTEXT } from './directives.js';
import type { HeaderOf } from './headers.js';
import type { IgvmLoader, KvmState } from './loaders.js';

type Context = HeaderOf<'VP_CONTEXT'>;

function refused(
  { at }: Context,
  name: (typeof VP_CONTEXT_FIELDS)[number]['name'],
  expected: string,
  found: string | number | bigint,
): MotteError {
  const offset = at + VP_CONTEXT.offsetOf(name);
  return new MotteError('IGVM_LOADER', { field: `VP_CONTEXT.${name}`, expected, found, offset });
}

/** A VMSA with all that a loader does not give to KVM taken out must be zero. */
function checkGiven(context: Context, vmsa: Uint8Array, given: NonNullable<KvmState['given']>): void {
  const rest = vmsa.slice();
  for (const [from, to] of given) rest.fill(0, from, to);
  const stray = rest.findIndex((byte) => byte !== 0);
  if (stray !== -1)
    throw refused(
      context,
      'file_offset',
      'a VMSA with only registers that the loader can set',
      `a byte at 0x${stray.toString(16)} of it`,
    );
}

/** A vCPU's state as KVM measures it. */
function measured(context: Context, { efer, cr4, given }: KvmState): Uint8Array {
  const { data, values } = context;
  if (values.gpa !== VMSA_GPA)
    throw refused(context, 'gpa', `0x${VMSA_GPA.toString(16)}, KVM’s own`, values.gpa);
  if (data === undefined) throw refused(context, 'file_offset', 'a VMSA', 'none');
  const vmsa = readBytes(data, 0, PAGE_SIZE);
  if (given !== undefined) checkGiven(context, vmsa, given);
  const view = new DataView(vmsa.buffer);
  for (const [name, bits] of [
    ['efer', efer],
    ['cr4', cr4],
  ] as const) {
    const at = VMSA.offsetOf(name);
    view.setBigUint64(at, view.getBigUint64(at, true) | bits, true);
  }
  return vmsa;
}

/** A vCPU of which the file says nothing, with the features of the first. */
function resetState(states: NonNullable<KvmState['others']>, first: Uint8Array | undefined): Uint8Array {
  const sevFeatures = first === undefined ? 1n : VMSA.read(first).sev_features;
  return vmsaPage(states, { eip: RESET_VECTOR, sevFeatures });
}

/** How many vCPUs there are: those of the file, or more where the loader makes them. Throws SNP_INPUT. */
function countOf(contexts: readonly Context[], asked: number | undefined): number {
  const own = Math.max(0, ...contexts.map(({ values }) => values.vp_index + 1));
  const count = asked ?? own;
  if (!Number.isSafeInteger(count) || count < Math.max(1, own) || count > MAX_VCPUS)
    throw new MotteError('SNP_INPUT', {
      field: 'vcpus',
      expected: `${Math.max(1, own)} to ${MAX_VCPUS}`,
      found: count,
    });
  return count;
}

/**
 * The vCPUs that KVM launches after all pages, vCPU 0 first; none where the loader launches the file's VMSAs as they
 * are. Throws IGVM_LOADER, SNP_INPUT.
 */
export function kvmVcpus(
  contexts: readonly Context[],
  loader: IgvmLoader,
  asked: number | undefined,
): SnpRun[] {
  const { kvm } = loader;
  if (kvm === undefined) {
    if (asked !== undefined && asked !== contexts.length)
      throw new MotteError('SNP_INPUT', {
        field: 'vcpus',
        expected: `${contexts.length}, as the file has it (${loader.name})`,
        found: asked,
      });
    return [];
  }
  const pages = new Map(contexts.map((one) => [one.values.vp_index, measured(one, kvm)]));
  const first = pages.get(0);
  const states = Array.from({ length: countOf(contexts, asked) }, (_, i) => {
    const page = pages.get(i) ?? (kvm.others === undefined ? undefined : resetState(kvm.others, first));
    if (page !== undefined) return page;
    throw new MotteError('IGVM_LOADER', {
      field: 'VP_CONTEXT',
      expected: `a state for each vCPU (${loader.name})`,
      found: `none for vCPU ${i}`,
    });
  });
  return vmsaRuns(states);
}
