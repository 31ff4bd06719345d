// SPDX-License-Identifier: Apache-2.0
import { CPU_TYPES } from '@motte/measure/profiles/cpu-types';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import { DEFAULTS } from '../core/job.js';
import type { Settings } from '../core/job.js';
import { KINDS } from '../core/kinds.js';
import type { Kind } from '../core/kinds.js';
import { byId, element } from './elements.js';

/** Kinds that a file can be forced to be; a program has no digest of its own. */
const FORCED = Object.entries(KINDS).filter(([kind]) => kind !== 'exec');
/** The SVSM's profile comes with its image. */
const VMMS = Object.keys(VMM_PROFILES).filter((name) => name !== 'SVSM');

const as = byId('as', HTMLSelectElement);
const vmm = byId('vmm', HTMLSelectElement);
const texts = {
  vcpus: byId('vcpus', HTMLInputElement),
  vcpuType: byId('vcpu-type', HTMLInputElement),
  features: byId('features', HTMLInputElement),
  cmdline: byId('cmdline', HTMLInputElement),
  varsSize: byId('vars-size', HTMLInputElement),
};
const choosers: Readonly<Record<'kernel' | 'initrd' | 'svsm', HTMLInputElement>> = {
  kernel: byId('kernel', HTMLInputElement),
  initrd: byId('initrd', HTMLInputElement),
  svsm: byId('svsm', HTMLInputElement),
};

/** Puts the tables' names and the defaults into the form. */
export function fillForm(): void {
  as.append(...FORCED.map(([kind, words]) => element('option', { value: kind }, words)));
  vmm.append(...VMMS.map((name) => element('option', { value: name }, name)));
  vmm.value = DEFAULTS.vmm;
  byId('vcpu-types', HTMLDataListElement).append(
    ...Object.keys(CPU_TYPES).map((name) => element('option', { value: name })),
  );
  for (const [name, input] of Object.entries(texts)) input.value = DEFAULTS[name as keyof typeof texts];
}

/** What the form says now. */
export function readForm(): Settings {
  const typed = Object.fromEntries(Object.entries(texts).map(([name, input]) => [name, input.value]));
  return {
    ...(typed as Record<keyof typeof texts, string>),
    as: as.value as 'auto' | Kind,
    vmm: vmm.value,
  };
}

/** The files that are chosen beside the image. */
export function companions(): Readonly<Record<'kernel' | 'initrd' | 'svsm', File | undefined>> {
  const { kernel, initrd, svsm } = choosers;
  return { kernel: kernel.files?.[0], initrd: initrd.files?.[0], svsm: svsm.files?.[0] };
}
