// SPDX-License-Identifier: Apache-2.0
import { PLATFORM_CALLS } from '../row.js';
import type { Arg, Row } from '../row.js';

const PAGE = 4096;

const RANGE: readonly Arg[] = [
  { kind: 'keep-offset', name: 'offset', length: 'length' },
  { kind: 'value', name: 'length', type: 'u64', check: { multipleOf: PAGE } },
];

/** R 1, W 2, X 4: SECINFO's bits, which are PROT_'s too. */
const PERMISSIONS: Arg = { kind: 'value', name: 'permissions', type: 'u32', check: { bits: 7 } };

const PART = { kind: 'part', of: 'length', step: PAGE } as const;

/** As of the driver's ioctls (asm/sgx.h). EFAULT is the driver's word for a page that it does not have. */
const DRIVER = [
  'EACCES',
  'EAGAIN',
  'EBUSY',
  'EFAULT',
  'EINTR',
  'EINVAL',
  'EIO',
  'ENODEV',
  'ENOMEM',
  'EPERM',
] as const;

/**
 * The host's half of SGX2 memory. Nothing here is believed: the shim EACCEPTs what was asked for, page by page, and
 * the CPU refuses what is not so. The result is how many bytes were done, as the driver counts them.
 */
export const MEMORY: readonly Row[] = [
  {
    number: PLATFORM_CALLS,
    name: 'mem_restrict',
    component: 'memory',
    doc: 'EMODPR: takes permissions from pages',
    args: [...RANGE, PERMISSIONS],
    result: PART,
    errnos: DRIVER,
  },
  {
    number: PLATFORM_CALLS + 1,
    name: 'mem_trim',
    component: 'memory',
    doc: 'EMODT to PT_TRIM',
    args: RANGE,
    result: PART,
    errnos: DRIVER,
  },
  {
    number: PLATFORM_CALLS + 2,
    name: 'mem_remove',
    component: 'memory',
    doc: 'EREMOVE of trimmed pages that the shim accepted',
    args: RANGE,
    result: PART,
    errnos: DRIVER,
  },
  {
    number: PLATFORM_CALLS + 3,
    name: 'mem_protect',
    component: 'memory',
    doc: "the host's own mprotect, without which its page tables would refuse",
    args: [...RANGE, PERMISSIONS],
    result: { kind: 'zero' },
    errnos: ['EACCES', 'EAGAIN', 'EINVAL', 'ENOMEM'],
  },
  {
    number: PLATFORM_CALLS + 7,
    name: 'mem_tcs',
    component: 'threads',
    doc: 'EMODT to PT_TCS',
    args: RANGE,
    result: PART,
    errnos: DRIVER,
  },
];
