// SPDX-License-Identifier: Apache-2.0
import { BLOCK_SIZE } from '@motte/hostcall/block';
import { PAGE_SIZE } from '@motte/binary/range';
import type { Permissions } from '../plan.js';
import type { VmKeepMap } from './keep-map.js';
import { VM_MAP } from './map.js';
import { LARGE_SIZE } from './page-tables.js';
import type { Mapping } from './page-tables.js';

const READ_WRITE: Permissions = { read: true, write: true, execute: false };

/** Under SEV-SNP, after the last GHCB: a page for a guest request, and one for its answer. */
const REQUEST_PAGES = 2;

/** What the host can read and write: a block a vCPU and, under SEV-SNP, a GHCB, and the pages of guest requests. */
export function sharedMappings(threads: number, tee: 'kvm' | 'snp'): Mapping[] {
  const shared = (at: number, pages: number): Mapping => ({
    virtual: BigInt(at),
    physical: BigInt(at),
    pages,
    permissions: READ_WRITE,
    user: false,
    encrypted: false,
  });
  const blocks = shared(VM_MAP.SHARED, (threads * BLOCK_SIZE) / PAGE_SIZE);
  return tee === 'kvm' ? [blocks] : [blocks, shared(VM_MAP.GHCB, threads + REQUEST_PAGES)];
}

/** Where the shim sees the pages that it hands out, as far as they are there when the Keep starts. */
export function directMapping({ pagesStart, pagesReady }: VmKeepMap): Mapping {
  return {
    virtual: BigInt(VM_MAP.DIRECT),
    physical: BigInt(VM_MAP.BASE) + pagesStart,
    pages: Number((pagesReady - pagesStart) / LARGE_SIZE),
    permissions: READ_WRITE,
    user: false,
    encrypted: true,
    large: true,
  };
}
