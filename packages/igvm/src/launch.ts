// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import type { SnpPageType, SnpPlan, SnpRun } from '@motte/plan/snp/plan';
import { NO_BYTES } from '@motte/plan/sources';
import { LARGE_PAGE } from './data-size.js';
import { PAGE_DATA_TYPES, PAGE_FLAGS } from './directives.js';
import { maskOf } from './headers.js';
import type { HeaderOf, IgvmFile, KnownHeader } from './headers.js';
import { snpIdentity } from './snp-id-block.js';
import type { SnpIdentity } from '@motte/sign/snp/id-block';
import type { IgvmLoader } from './loaders.js';
import { inOrderOf } from './order.js';
import type { LaunchStep } from './order.js';
import { PLATFORM_TYPES, PLATFORM_VERSION } from './structures.js';
import { kvmVcpus } from './vcpus.js';
import { ParameterAreas } from './parameter-areas.js';

/** What an IGVM file comes to when a loader launches it as an SEV-SNP guest. */
export interface IgvmLaunch {
  readonly plan: SnpPlan;
  /** POLICY of SNP_LAUNCH_START, if the file says one. */
  readonly policy: bigint | undefined;
  /** What the file has of an ID block and its authentication. */
  readonly identity: SnpIdentity | undefined;
  readonly vcpus: number;
}

/** What the loader is told beside the file. */
export interface IgvmLaunchOptions {
  /** vCPUs of the guest; without it as many as the file has states for. Only a loader on KVM takes more. */
  readonly vcpus?: number;
}

function refused(header: KnownHeader, loader: IgvmLoader, expected: string): MotteError {
  const { kind, at } = header;
  const what = `${expected} (${loader.name})`;
  return new MotteError('IGVM_LOADER', { field: kind, expected: what, found: 'another', offset: at });
}

/** The bit of the platform SEV-SNP, of a version that is known. Throws IGVM_PLATFORM. */
export function snpMask({ headers }: IgvmFile): number {
  for (const one of headers) {
    if (one.kind !== 'SUPPORTED_PLATFORM' || one.values.platform_type !== PLATFORM_TYPES['sev-snp']) continue;
    const { platform_version: version, compatibility_mask: mask } = one.values;
    if (version === PLATFORM_VERSION) return mask;
    throw new MotteError('IGVM_PLATFORM', {
      field: 'SUPPORTED_PLATFORM.platform_version',
      expected: PLATFORM_VERSION,
      found: version,
      offset: one.at,
    });
  }
  throw new MotteError('IGVM_PLATFORM', {
    field: 'SUPPORTED_PLATFORM',
    expected: 'SEV-SNP',
    found: 'others',
  });
}

function pageType({ values, data }: HeaderOf<'PAGE_DATA'>, loader: IgvmLoader): SnpPageType {
  switch (values.data_type) {
    case PAGE_DATA_TYPES.secrets:
      return 'secrets';
    case PAGE_DATA_TYPES.cpuid:
    case PAGE_DATA_TYPES.cpuid_xf:
      return 'cpuid';
    default:
      if ((values.flags & PAGE_FLAGS.UNMEASURED) !== 0) return 'unmeasured';
      return data === undefined ? loader.zeroPages : 'normal';
  }
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

function run(header: KnownHeader, gpa: bigint, bytes: number, type: SnpPageType): SnpRun {
  const measured = type === 'normal' || type === 'vmsa';
  return {
    gpa,
    pages: bytes / PAGE_SIZE,
    type,
    bytes: measured ? (header.data ?? NO_BYTES) : NO_BYTES,
    source: { file: 'igvm', section: `${header.kind} ${hex(gpa)}`, offset: header.at },
  };
}

/** What one header has launched; `areas` has the parameter areas so far. */
function stepOf(header: KnownHeader, loader: IgvmLoader, areas: ParameterAreas): LaunchStep | undefined {
  const { kind, values } = header;
  if (kind === 'PAGE_DATA') {
    if ((values.flags & PAGE_FLAGS.SHARED) !== 0) {
      if (loader.sharedPages === 'skipped') return undefined;
      throw refused(header, loader, 'only pages of the guest’s own');
    }
    const size = (values.flags & PAGE_FLAGS.LARGE) !== 0 ? LARGE_PAGE : PAGE_SIZE;
    return { page: header, run: run(header, values.gpa, size, pageType(header, loader)) };
  }
  if (kind === 'PARAMETER_INSERT')
    return { run: run(header, values.gpa, areas.insert(header), 'unmeasured') };
  // On KVM a vCPU is no page of the file's: kvmVcpus() makes those.
  if (kind === 'VP_CONTEXT' && loader.kvm === undefined)
    return { run: run(header, values.gpa, PAGE_SIZE, 'vmsa') };
  if (kind === 'RELOCATABLE_REGION' || kind === 'PAGE_TABLE_RELOCATION_REGION')
    throw refused(header, loader, 'only pages that stay where the file has them');
  return undefined;
}

function checkOverlap(runs: readonly SnpRun[], loader: IgvmLoader): void {
  const order = runs.filter(({ type }) => type !== 'vmsa').toSorted((a, b) => (a.gpa < b.gpa ? -1 : 1));
  let end = 0n;
  for (const { gpa, pages, source } of order) {
    if (gpa < end)
      throw new MotteError('IGVM_LOADER', {
        field: source.section,
        expected: `pages that are launched once (${loader.name})`,
        found: 'again',
        offset: source.offset,
      });
    end = gpa + BigInt(pages * PAGE_SIZE);
  }
}

/**
 * The launch of an IGVM file as an SEV-SNP guest by `loader`: which pages firmware is told of, in which order and as what.
 * Throws IGVM_PLATFORM, IGVM_LOADER, IGVM_FORMAT, SNP_INPUT.
 */
export function igvmLaunch(
  file: IgvmFile,
  loader: IgvmLoader,
  { vcpus }: IgvmLaunchOptions = {},
): IgvmLaunch {
  const mask = snpMask(file);
  const areas = new ParameterAreas();
  const steps: (LaunchStep & { readonly index: number })[] = [];
  const contexts: HeaderOf<'VP_CONTEXT'>[] = [];
  let policy: bigint | undefined;
  let idBlock: HeaderOf<'SNP_ID_BLOCK'> | undefined;
  for (const [index, header] of file.headers.entries()) {
    if (header.kind === 'unknown') continue;
    if (loader.knows?.has(header.kind) === false)
      throw refused(header, loader, 'only headers that the loader knows');
    if (header.kind === 'PARAMETER_AREA') areas.declare(header);
    if (((maskOf(header) ?? mask) & mask) === 0) continue;
    if (header.kind === 'GUEST_POLICY') policy = header.values.policy;
    if (header.kind === 'SNP_ID_BLOCK') idBlock = header;
    if (header.kind === 'VP_CONTEXT') contexts.push(header);
    const step = stepOf(header, loader, areas);
    if (step !== undefined) steps.push({ ...step, index });
  }
  const pages = inOrderOf(loader.order, steps);
  checkOverlap(pages, loader);
  const states = kvmVcpus(contexts, loader, vcpus);
  return {
    plan: { tee: 'snp', runs: [...pages, ...states] },
    policy,
    identity: idBlock === undefined ? undefined : snpIdentity(idBlock.values, policy ?? 0n, idBlock.at),
    vcpus: loader.kvm === undefined ? contexts.length : states.length,
  };
}
