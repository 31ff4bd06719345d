// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

/** "MOTTEVI1", little-endian. */
export const VM_INFO_MAGIC = 0x3149564554544f4dn;

/** VM_INFO.mode. */
export const VM_MODE = { KVM: 0, SNP: 1 } as const;

export const VM_INFO_FIELDS = [
  { at: 0x00, name: 'magic', type: 'u64', doc: 'MOTTEVI1' },
  { at: 0x08, name: 'version', type: 'u32', doc: '1' },
  { at: 0x0c, name: 'mode', type: 'u32', doc: 'VM_MODE: 0 KVM, 1 SEV-SNP' },
  { at: 0x10, name: 'vcpu_start', type: 'u64', doc: 'offset of vCPU block 0' },
  { at: 0x18, name: 'vcpu_count', type: 'u64', doc: 'number of vCPU blocks' },
  { at: 0x20, name: 'exec_start', type: 'u64', doc: 'offset at which the exec address 0 lies' },
  { at: 0x28, name: 'exec_end', type: 'u64', doc: 'offset of the first page after the exec' },
  { at: 0x30, name: 'exec_entry', type: 'u64', doc: 'offset of the entry of the exec' },
  { at: 0x38, name: 'exec_phdr', type: 'u64', doc: 'offset of the program headers of the exec in memory' },
  { at: 0x40, name: 'exec_phnum', type: 'u64', doc: 'number of program headers' },
  { at: 0x48, name: 'heap_start', type: 'u64', doc: 'offset of the heap, in virtual addresses' },
  { at: 0x50, name: 'heap_end', type: 'u64', doc: 'offset of the first byte after the heap' },
  { at: 0x58, name: 'memory', type: 'u64', doc: 'bytes of the heap that can be used at a time' },
  {
    at: 0x60,
    name: 'pages_start',
    type: 'u64',
    doc: 'offset of the first guest page that the shim hands out',
  },
  {
    at: 0x68,
    name: 'pages_ready',
    type: 'u64',
    doc: 'offset of the first such page that the host has to add',
  },
  { at: 0x70, name: 'pages_end', type: 'u64', doc: 'offset of the first byte after all such pages' },
  { at: 0x78, name: 'root_table', type: 'u64', doc: 'offset of the PML4, which CR3 names' },
  { at: 0x80, name: 'encrypted', type: 'u64', doc: 'the C-bit of page table entries; 0 under KVM' },
  { at: 0x88, name: 'xcr0', type: 'u64', doc: 'XCR0 of every vCPU' },
  {
    at: 0x90,
    name: 'config',
    type: 'bytes32',
    doc: 'KVM: SHA-256 of the config blob; SNP has it in HOST_DATA',
  },
  {
    at: 0xb0,
    name: 'shim_table',
    type: 'u64',
    doc: 'KVM: offset of the PML4 by which ring 3 can use all of the Keep, for a shim that runs there; SNP: 0',
  },
  { at: 0xb8, name: 'reserved_0b8', type: 'bytes72' },
] as const;

/** What the plan tells the shim, in a measured page that follows the shim's image. */
export const VM_INFO: Layout<typeof VM_INFO_FIELDS> = layout(
  { name: 'VM_INFO', size: 0x100, source: 'Motte, docs/vm-keep.md' },
  VM_INFO_FIELDS,
);
