// SPDX-License-Identifier: Apache-2.0
import { MADE_FILE } from '../plan.js';
import type { PageRun, Permissions } from '../plan.js';
import { NO_BYTES } from '../sources.js';
import { VM_MAP } from './map.js';

const READ_WRITE: Permissions = { read: true, write: true, execute: false };

/** The pages of vCPU `index`, whose block starts at `start`: zeros, all of them measured. */
export function vcpuBlock(index: number, start: bigint): PageRun[] {
  const zeros = (at: number, pages: number, name: string): PageRun => ({
    address: start + BigInt(at),
    pages,
    kind: 'reg',
    permissions: READ_WRITE,
    measured: true,
    bytes: NO_BYTES,
    source: { file: MADE_FILE, section: `${name} ${index}`, offset: 0 },
  });
  return [
    zeros(VM_MAP.STACK, VM_MAP.STACK_PAGES, 'stack'),
    zeros(VM_MAP.VCPU_PAGE, 1, 'vcpu page'),
    zeros(VM_MAP.SYSTEM_PAGE, 1, 'system page'),
  ];
}
