// SPDX-License-Identifier: Apache-2.0
import { PLATFORM_CALLS } from '../row.js';
import type { Arg, Row } from '../row.js';

const PAGE = 4096;

const RANGE: readonly Arg[] = [
  { kind: 'keep-offset', name: 'offset', length: 'length' },
  { kind: 'value', name: 'length', type: 'u64', check: { multipleOf: PAGE } },
];

/** As many vCPUs as a Keep can have (MOST_THREADS of packages/config). */
const VCPUS = 256n;

/**
 * What a VM-based Keep asks of its host: guest pages, and interrupts (docs/vm-keep.md). A host that gives no page has the Keep
 * trap at its first use, one that swallows an interrupt has it wait: the shim believes neither, it looks. One that does not
 * take pages back has more memory in use than it need.
 */
export const VM_CALLS: readonly Row[] = [
  {
    number: PLATFORM_CALLS + 8,
    name: 'balloon_add',
    component: 'vm',
    doc: 'the guest pages from `offset` on are there from now on',
    args: RANGE,
    result: { kind: 'zero' },
    errnos: ['EAGAIN', 'EEXIST', 'EINTR', 'EINVAL', 'ENOMEM', 'ENOSPC'],
  },
  {
    number: PLATFORM_CALLS + 9,
    name: 'balloon_remove',
    component: 'vm',
    doc: 'the host can have the guest pages from `offset` on for others: their contents are gone',
    args: RANGE,
    result: { kind: 'zero' },
    errnos: ['EINTR', 'EINVAL', 'EIO', 'ENOSPC', 'EOPNOTSUPP'],
  },
  {
    number: PLATFORM_CALLS + 10,
    name: 'vcpu_kick',
    component: 'vm',
    doc: 'interrupts the vCPU `index` as soon as its ring 3 runs, for it to flush its TLB',
    args: [{ kind: 'value', name: 'index', type: 'u32', check: { range: [0n, VCPUS - 1n] } }],
    result: { kind: 'zero' },
    errnos: ['EINVAL'],
  },
];
