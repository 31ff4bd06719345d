// SPDX-License-Identifier: Apache-2.0
// The plan's pages into memory that the helper makes a virtual machine of: on plain KVM, or launched as an SEV-SNP guest.
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE, toSafeNumber } from '@motte/binary/range';
import { readBytes } from '@motte/binary/source';
import { checkSnpPlan } from '@motte/measure/snp';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import { VM_INFO, VM_INFO_MAGIC, VM_MODE } from '@motte/plan/vm/info';
import type { VM_INFO_FIELDS } from '@motte/plan/vm/info';
import { vmLaunchPlan } from '@motte/plan/vm/launch';
import { VM_MAP } from '@motte/plan/vm/map';
import type { LayoutValues } from '@motte/binary/layout';
import { SharedMemory } from '../emulated/epc.js';
import type { Place, Range } from '../helper/start.js';
import type { Fill } from '../keep.js';
import type { Descriptor } from '../native.js';
import { BACKEND } from '../protocol/messages.js';
import { openKvm } from '../kvm/device.js';
import { encodeLaunch, openSev } from '../snp/launch.js';
import type { SnpOptions } from '../snp/launch.js';
import { fillMemory } from './fill.js';

export type VmInfo = LayoutValues<typeof VM_INFO_FIELDS>;

/** A Keep that is ready for its virtual machine; its owner closes it. */
export interface VmLaunch {
  readonly place: Place;
  readonly memory: Descriptor;
  /** /dev/kvm. */
  readonly device: Descriptor;
  /** SEV-SNP of hardware: /dev/sev. */
  readonly sev?: Descriptor;
  /**
   * Writes the plan's pages to the memory. What it returns computes their digest, as docs/vm-keep.md defines it; of plain KVM
   * nothing of hardware has measured this. Throws HOST_MEMORY, and what reading the plan's sources throws.
   */
  readonly fill: Fill;
  close(): void;
}

function pageOf(run: PageRun, size: number): Uint8Array {
  const page = new Uint8Array(size);
  page.set(readBytes(run.bytes, 0, Math.min(run.bytes.size, size)));
  return page;
}

/** The measured page in which the plan says where guest pages are. Throws PLAN_INVALID for what is no Keep for its TEE. */
export function vmInfo(plan: PagePlan): VmInfo {
  const mode = plan.tee === 'snp' ? VM_MODE.SNP : VM_MODE.KVM;
  for (const run of plan.runs) {
    if (run.kind !== 'reg' || run.pages !== 1 || run.permissions.write || run.bytes.size === 0) continue;
    const info = VM_INFO.read(pageOf(run, VM_INFO.size));
    if (info.magic !== VM_INFO_MAGIC) continue;
    if (info.mode === mode) return info;
    throw new MotteError('PLAN_INVALID', { field: 'VM_INFO.mode', expected: mode, found: info.mode });
  }
  throw new MotteError('PLAN_INVALID', { field: 'runs', expected: 'a VM_INFO page', found: 'none' });
}

/** What the guest has from the start: all that is launched, in one piece, and the first pages that the shim hands out. */
function slots(plan: PagePlan, { pages_start: from, pages_ready: ready }: VmInfo): Range[] {
  const ends = plan.runs
    .filter(({ kind }) => kind !== 'vmsa')
    .map(({ address, pages }) => address + BigInt(pages * PAGE_SIZE));
  const end = ends.reduce((most, one) => (one > most ? one : most), 0n);
  if (end > from)
    throw new MotteError('PLAN_INVALID', { field: 'VM_INFO.pages_start', expected: end, found: from });
  return [{ offset: 0n, length: end }, ...(ready > from ? [{ offset: from, length: ready - from }] : [])];
}

/** Opens what is needed, in order; closes what is open when one cannot be. */
function openAll(opens: readonly (() => Descriptor)[]): Descriptor[] {
  const open: Descriptor[] = [];
  try {
    for (const one of opens) open.push(one());
    return open;
  } catch (error) {
    for (const one of open) one.close();
    throw error;
  }
}

/** What a VM is launched as: nothing on plain KVM. */
export interface SnpLaunch extends SnpOptions {
  readonly simulated: boolean;
}

function placeOf(plan: PagePlan, info: VmInfo, snp: SnpLaunch | undefined): Place {
  const backend = snp === undefined ? BACKEND.KVM : snp.simulated ? BACKEND.SNP_SIMULATED : BACKEND.SNP;
  return {
    backend,
    base: BigInt(VM_MAP.BASE),
    size: info.pages_end,
    mappings: slots(plan, info).map((range) => ({ ...range, permissions: 7 })),
    threads: plan.runs.filter(({ kind }) => kind === 'vmsa').map((run) => pageOf(run, PAGE_SIZE)),
    ...(snp === undefined ? {} : { launch: encodeLaunch(vmLaunchPlan(plan), snp) }),
  };
}

/** Prepares a Keep for its virtual machine. Throws TEE_MISSING, HOST_MEMORY, PLAN_INVALID, SNP_INPUT; nothing is left open then. */
export function launchVm(
  plan: PagePlan,
  snp?: SnpLaunch,
  open: () => Descriptor = openKvm,
  openFirmware: () => Descriptor = openSev,
): VmLaunch {
  const info = vmInfo(plan);
  const place = placeOf(plan, info, snp);
  checkSnpPlan(vmLaunchPlan(plan));
  const size = toSafeNumber(info.pages_end, 'VM_INFO.pages_end');
  const hardware = snp !== undefined && !snp.simulated;
  const opened = openAll(hardware ? [open, openFirmware] : [open]);
  const [device, sev] = opened;
  let memory: SharedMemory | undefined;
  const close = (): void => {
    memory?.close();
    for (const one of opened) one.close();
  };
  try {
    if (device === undefined) throw new TypeError('no device');
    const own = new SharedMemory('motte-keep', size);
    memory = own;
    return {
      place,
      memory: own.descriptor,
      device,
      ...(sev === undefined ? {} : { sev }),
      fill: () => fillMemory(plan, (offset, bytes) => own.write(offset, bytes)),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
