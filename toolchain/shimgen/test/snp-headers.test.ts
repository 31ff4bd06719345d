// SPDX-License-Identifier: Apache-2.0
// The layout tables of SEV-SNP beside the headers of Linux 6.12 (scripts/snp-headers.mjs), by the compiler.
import * as assert from 'uvu/assert';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import type { AnyLayout } from '@motte/binary/c-header';
import { SEV_STATUS } from '@motte/binary/snp/firmware-status';
import {
  EXIT_MEMORY_FAULT,
  GUEST_MEMFD,
  MEMORY_ATTRIBUTE,
  MEMORY_ATTRIBUTES,
  MEMORY_REGION2,
  SEV_CMD,
  SEV_CMD_ID,
  SEV_INIT2,
  SEV_ISSUE,
  SNP_IOC,
  SNP_KVM,
  SNP_LAUNCH_FINISH,
  SNP_LAUNCH_START,
  SNP_LAUNCH_UPDATE,
  SNP_PLATFORM_STATUS_CMD,
  SNP_STATUS,
} from '@motte/binary/snp/kvm';
import { SNP_PAGE_TYPES } from '@motte/plan/snp/plan';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { comparison, constants, same } from './support/compare.js';

const HEADERS = join(ROOT, 'build/snp-headers/usr/include');
const compiler = comparison(tempFolder('motte-snp-headers'));

/** Their structure, and their names of fields that are reserved here. */
const STRUCTURES: readonly (readonly [AnyLayout, string, Readonly<Record<string, string>>])[] = [
  [SEV_CMD, 'kvm_sev_cmd', { reserved_004: 'pad0' }],
  [SEV_INIT2, 'kvm_sev_init', { reserved_00e: 'pad1', reserved_010: 'pad2' }],
  [SNP_LAUNCH_START, 'kvm_sev_snp_launch_start', { reserved_01a: 'pad0', reserved_020: 'pad1' }],
  [
    SNP_LAUNCH_UPDATE,
    'kvm_sev_snp_launch_update',
    { reserved_019: 'pad0', reserved_01c: 'pad1', reserved_020: 'pad2' },
  ],
  [SNP_LAUNCH_FINISH, 'kvm_sev_snp_launch_finish', { reserved_033: 'pad0', reserved_038: 'pad1' }],
  [GUEST_MEMFD, 'kvm_create_guest_memfd', { reserved_010: 'reserved' }],
  [MEMORY_REGION2, 'kvm_userspace_memory_region2', { reserved_02c: 'pad1', reserved_030: 'pad2' }],
  [MEMORY_ATTRIBUTES, 'kvm_memory_attributes', {}],
  [SEV_ISSUE, 'sev_issue_cmd', {}],
];

/** Every field of a table, under the name that they have for it. */
function members(table: AnyLayout, renamed: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(table.fields.map(({ name }) => [name, renamed[name] ?? name]));
}

/** Bit fields have no offset that C can name: the bytes before them and the integers after them do. */
const STATUS_MEMBERS = [
  'api_major',
  'api_minor',
  'state',
  'build_id',
  'guest_count',
  'current_tcb_version',
  'reported_tcb_version',
];

const CONSTANTS: readonly (readonly [string, number | bigint])[] = [
  ['KVM_SEV_INIT2', SEV_CMD_ID.INIT2],
  ['KVM_SEV_SNP_LAUNCH_START', SEV_CMD_ID.SNP_LAUNCH_START],
  ['KVM_SEV_SNP_LAUNCH_UPDATE', SEV_CMD_ID.SNP_LAUNCH_UPDATE],
  ['KVM_SEV_SNP_LAUNCH_FINISH', SEV_CMD_ID.SNP_LAUNCH_FINISH],
  ['KVM_X86_SNP_VM', SNP_KVM.VM_TYPE],
  ['KVM_CAP_USER_MEMORY2', SNP_KVM.CAP_USER_MEMORY2],
  ['KVM_CAP_MEMORY_ATTRIBUTES', SNP_KVM.CAP_MEMORY_ATTRIBUTES],
  ['KVM_CAP_GUEST_MEMFD', SNP_KVM.CAP_GUEST_MEMFD],
  ['KVM_CAP_VM_TYPES', SNP_KVM.CAP_VM_TYPES],
  ['KVM_MEM_GUEST_MEMFD', SNP_KVM.MEM_GUEST_MEMFD],
  ['KVM_EXIT_MEMORY_FAULT', SNP_KVM.EXIT_MEMORY_FAULT],
  ['KVM_MEMORY_ATTRIBUTE_PRIVATE', MEMORY_ATTRIBUTE.PRIVATE],
  ['KVM_MEMORY_EXIT_FLAG_PRIVATE', 8],
  ['KVM_MEMORY_ENCRYPT_OP', SNP_IOC.ENCRYPT_OP],
  ['KVM_SET_USER_MEMORY_REGION2', SNP_IOC.MEMORY_REGION2],
  ['KVM_SET_MEMORY_ATTRIBUTES', SNP_IOC.MEMORY_ATTRIBUTES],
  ['KVM_CREATE_GUEST_MEMFD', SNP_IOC.GUEST_MEMFD],
  ['SEV_ISSUE_CMD', SNP_IOC.ISSUE],
  ['SNP_PLATFORM_STATUS', SNP_PLATFORM_STATUS_CMD],
  ['KVM_SEV_SNP_PAGE_TYPE_NORMAL', SNP_PAGE_TYPES.normal],
  ['KVM_SEV_SNP_PAGE_TYPE_ZERO', SNP_PAGE_TYPES.zero],
  ['KVM_SEV_SNP_PAGE_TYPE_UNMEASURED', SNP_PAGE_TYPES.unmeasured],
  ['KVM_SEV_SNP_PAGE_TYPE_SECRETS', SNP_PAGE_TYPES.secrets],
  ['KVM_SEV_SNP_PAGE_TYPE_CPUID', SNP_PAGE_TYPES.cpuid],
  ...Object.entries(SEV_STATUS).map(([name, value]) => [`SEV_RET_${name}`, value] as const),
];

function program(update: AnyLayout = SNP_LAUNCH_UPDATE): string {
  const tables = STRUCTURES.map(([table, theirs, renamed]) => {
    const ours = table === SNP_LAUNCH_UPDATE ? update : table;
    return same(ours, theirs, members(ours, renamed));
  });
  return [
    '#include <stddef.h>',
    '#include <stdint.h>',
    '#include <linux/kvm.h>',
    '#include <linux/psp-sev.h>',
    ...tables,
    same(SNP_STATUS, 'sev_user_data_snp_status', Object.fromEntries(STATUS_MEMBERS.map((n) => [n, n]))),
    ...EXIT_MEMORY_FAULT.fields.map(
      ({ name, at }) =>
        `_Static_assert(offsetof(struct kvm_run, memory_fault.${name}) - offsetof(struct kvm_run, hw) == ${at}, "${name}");`,
    ),
    constants(CONSTANTS),
  ].join('\n');
}

const INCLUDE = [HEADERS, join(HEADERS, 'x86_64-linux-gnu')].flatMap((folder) => ['-isystem', folder]);

if (!existsSync(join(HEADERS, 'linux/kvm.h'))) {
  console.log(
    'skipped: tables of SEV-SNP beside the headers of Linux 6.12: there are none; node scripts/snp-headers.mjs',
  );
} else {
  test('every structure and number of KVM and the firmware that SEV-SNP needs is as our tables say', () => {
    assert.is(compiler.compile('snp', program(), INCLUDE), '');
  });

  test('the comparison fails by name for a table with two fields exchanged', () => {
    const fields = SNP_LAUNCH_UPDATE.fields.map((field) =>
      field.name === 'uaddr' ? { ...field, at: 0x10 } : field.name === 'len' ? { ...field, at: 0x08 } : field,
    );
    const moved = { ...SNP_LAUNCH_UPDATE, fields: fields.toSorted((a, b) => a.at - b.at) };
    assert.match(compiler.compile('moved', program(moved), INCLUDE), 'SNP_LAUNCH_UPDATE.uaddr');
  });
}

test.run();
