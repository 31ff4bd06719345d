// SPDX-License-Identifier: Apache-2.0
// What KVM is asked for an SEV-SNP guest: structures and numbers of Linux 6.12, which no older header has.
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

const KVM = 'Linux 6.12, include/uapi/linux/kvm.h';
const X86 = 'Linux 6.12, arch/x86/include/uapi/asm/kvm.h';

export const SEV_CMD_FIELDS = [
  { at: 0x00, name: 'id', type: 'u32', doc: 'SEV_CMD_ID' },
  { at: 0x04, name: 'reserved_004', type: 'u32' },
  { at: 0x08, name: 'data', type: 'u64', doc: 'address of the structure of this command' },
  { at: 0x10, name: 'error', type: 'u32', doc: 'out: status of the firmware' },
  { at: 0x14, name: 'sev_fd', type: 'u32', doc: 'of /dev/sev' },
] as const;

/** Argument of KVM_MEMORY_ENCRYPT_OP. */
export const SEV_CMD: Layout<typeof SEV_CMD_FIELDS> = layout(
  { name: 'SEV_CMD', size: 24, source: `${X86}, kvm_sev_cmd` },
  SEV_CMD_FIELDS,
);

/** SEV_CMD.id: `enum sev_cmd_id`. */
export const SEV_CMD_ID = {
  INIT2: 22,
  SNP_LAUNCH_START: 100,
  SNP_LAUNCH_UPDATE: 101,
  SNP_LAUNCH_FINISH: 102,
} as const;

export const SEV_INIT2_FIELDS = [
  { at: 0x00, name: 'vmsa_features', type: 'u64', doc: 'SEV_FEATURES; KVM adds SNPActive itself' },
  { at: 0x08, name: 'flags', type: 'u32' },
  { at: 0x0c, name: 'ghcb_version', type: 'u16', doc: 'the highest that the guest may ask for; 0: 2' },
  { at: 0x0e, name: 'reserved_00e', type: 'u16' },
  { at: 0x10, name: 'reserved_010', type: 'bytes32' },
] as const;

/** Of SEV_CMD_ID.INIT2: makes the VM an SNP guest. */
export const SEV_INIT2: Layout<typeof SEV_INIT2_FIELDS> = layout(
  { name: 'SEV_INIT2', size: 48, source: `${X86}, kvm_sev_init` },
  SEV_INIT2_FIELDS,
);

export const SNP_LAUNCH_START_FIELDS = [
  { at: 0x00, name: 'policy', type: 'u64' },
  { at: 0x08, name: 'gosvw', type: 'bytes16', doc: 'what the guest is told of its workarounds' },
  { at: 0x18, name: 'flags', type: 'u16' },
  { at: 0x1a, name: 'reserved_01a', type: 'bytes6' },
  { at: 0x20, name: 'reserved_020', type: 'bytes32' },
] as const;

export const SNP_LAUNCH_START: Layout<typeof SNP_LAUNCH_START_FIELDS> = layout(
  { name: 'SNP_LAUNCH_START', size: 64, source: `${X86}, kvm_sev_snp_launch_start` },
  SNP_LAUNCH_START_FIELDS,
);

export const SNP_LAUNCH_UPDATE_FIELDS = [
  { at: 0x00, name: 'gfn_start', type: 'u64', doc: 'number of the first guest page; out: of the next' },
  {
    at: 0x08,
    name: 'uaddr',
    type: 'u64',
    doc: 'address of the contents; not of zeros. Out: of what is left',
  },
  { at: 0x10, name: 'len', type: 'u64', doc: 'bytes; out: what is left' },
  { at: 0x18, name: 'type', type: 'u8', doc: 'PAGE_INFO.PAGE_TYPE' },
  { at: 0x19, name: 'reserved_019', type: 'u8' },
  { at: 0x1a, name: 'flags', type: 'u16' },
  { at: 0x1c, name: 'reserved_01c', type: 'u32' },
  { at: 0x20, name: 'reserved_020', type: 'bytes32' },
] as const;

export const SNP_LAUNCH_UPDATE: Layout<typeof SNP_LAUNCH_UPDATE_FIELDS> = layout(
  { name: 'SNP_LAUNCH_UPDATE', size: 64, source: `${X86}, kvm_sev_snp_launch_update` },
  SNP_LAUNCH_UPDATE_FIELDS,
);

export const SNP_LAUNCH_FINISH_FIELDS = [
  { at: 0x00, name: 'id_block_uaddr', type: 'u64' },
  { at: 0x08, name: 'id_auth_uaddr', type: 'u64' },
  { at: 0x10, name: 'id_block_en', type: 'u8', doc: '1: there is an ID block' },
  { at: 0x11, name: 'auth_key_en', type: 'u8', doc: '1: an author key signed the ID key' },
  { at: 0x12, name: 'vcek_disabled', type: 'u8', doc: '1: reports are not signed by the VCEK' },
  { at: 0x13, name: 'host_data', type: 'bytes32' },
  { at: 0x33, name: 'reserved_033', type: 'bytes3' },
  { at: 0x36, name: 'flags', type: 'u16' },
  { at: 0x38, name: 'reserved_038', type: 'bytes32' },
] as const;

export const SNP_LAUNCH_FINISH: Layout<typeof SNP_LAUNCH_FINISH_FIELDS> = layout(
  { name: 'SNP_LAUNCH_FINISH', size: 88, source: `${X86}, kvm_sev_snp_launch_finish` },
  SNP_LAUNCH_FINISH_FIELDS,
);

export const GUEST_MEMFD_FIELDS = [
  { at: 0x00, name: 'size', type: 'u64' },
  { at: 0x08, name: 'flags', type: 'u64' },
  { at: 0x10, name: 'reserved_010', type: 'bytes48' },
] as const;

/** Argument of KVM_CREATE_GUEST_MEMFD: memory that the guest alone has. */
export const GUEST_MEMFD: Layout<typeof GUEST_MEMFD_FIELDS> = layout(
  { name: 'GUEST_MEMFD', size: 64, source: `${KVM}, kvm_create_guest_memfd` },
  GUEST_MEMFD_FIELDS,
);

export const MEMORY_REGION2_FIELDS = [
  { at: 0x00, name: 'slot', type: 'u32' },
  { at: 0x04, name: 'flags', type: 'u32' },
  { at: 0x08, name: 'guest_phys_addr', type: 'u64' },
  { at: 0x10, name: 'memory_size', type: 'u64' },
  { at: 0x18, name: 'userspace_addr', type: 'u64', doc: 'what the guest shares' },
  { at: 0x20, name: 'guest_memfd_offset', type: 'u64' },
  { at: 0x28, name: 'guest_memfd', type: 'u32', doc: 'what is the guest’s own' },
  { at: 0x2c, name: 'reserved_02c', type: 'u32' },
  { at: 0x30, name: 'reserved_030', type: 'bytes112' },
] as const;

/** Argument of KVM_SET_USER_MEMORY_REGION2. */
export const MEMORY_REGION2: Layout<typeof MEMORY_REGION2_FIELDS> = layout(
  { name: 'MEMORY_REGION2', size: 160, source: `${KVM}, kvm_userspace_memory_region2` },
  MEMORY_REGION2_FIELDS,
);

export const MEMORY_ATTRIBUTES_FIELDS = [
  { at: 0x00, name: 'address', type: 'u64' },
  { at: 0x08, name: 'size', type: 'u64' },
  { at: 0x10, name: 'attributes', type: 'u64', doc: 'MEMORY_ATTRIBUTE' },
  { at: 0x18, name: 'flags', type: 'u64' },
] as const;

/** Argument of KVM_SET_MEMORY_ATTRIBUTES: whether pages are the guest's own. */
export const MEMORY_ATTRIBUTES: Layout<typeof MEMORY_ATTRIBUTES_FIELDS> = layout(
  { name: 'MEMORY_ATTRIBUTES', size: 32, source: `${KVM}, kvm_memory_attributes` },
  MEMORY_ATTRIBUTES_FIELDS,
);

export const MEMORY_ATTRIBUTE = { PRIVATE: 0x8n } as const;

export const EXIT_MEMORY_FAULT_FIELDS = [
  { at: 0x00, name: 'flags', type: 'u64', doc: '8: of an address with the C-bit' },
  { at: 0x08, name: 'gpa', type: 'u64' },
  { at: 0x10, name: 'size', type: 'u64' },
] as const;

/** kvm_run.memory_fault, at the place of every exit's own fields. */
export const EXIT_MEMORY_FAULT: Layout<typeof EXIT_MEMORY_FAULT_FIELDS> = layout(
  { name: 'EXIT_MEMORY_FAULT', size: 24, source: `${KVM}, kvm_run.memory_fault` },
  EXIT_MEMORY_FAULT_FIELDS,
);

export const SEV_ISSUE_FIELDS = [
  { at: 0x00, name: 'cmd', type: 'u32', doc: 'SNP_PLATFORM_STATUS_CMD' },
  { at: 0x04, name: 'data', type: 'u64' },
  { at: 0x0c, name: 'error', type: 'u32', doc: 'out: status of the firmware' },
] as const;

/** Argument of SEV_ISSUE_CMD of /dev/sev. */
export const SEV_ISSUE: Layout<typeof SEV_ISSUE_FIELDS> = layout(
  { name: 'SEV_ISSUE', size: 16, source: 'Linux 6.12, include/uapi/linux/psp-sev.h, sev_issue_cmd' },
  SEV_ISSUE_FIELDS,
);

export const SNP_STATUS_FIELDS = [
  { at: 0x00, name: 'api_major', type: 'u8' },
  { at: 0x01, name: 'api_minor', type: 'u8' },
  { at: 0x02, name: 'state', type: 'u8', doc: '1: initialised' },
  { at: 0x03, name: 'rmp', type: 'u8', doc: 'bit 0: the RMP is initialised' },
  { at: 0x04, name: 'build_id', type: 'u32' },
  { at: 0x08, name: 'masks', type: 'u32', doc: 'bit 0 MASK_CHIP_ID, 1 MASK_CHIP_KEY, 2 VLEK_EN' },
  { at: 0x0c, name: 'guest_count', type: 'u32' },
  { at: 0x10, name: 'current_tcb_version', type: 'u64' },
  { at: 0x18, name: 'reported_tcb_version', type: 'u64' },
] as const;

/** What the firmware says of the platform. */
export const SNP_STATUS: Layout<typeof SNP_STATUS_FIELDS> = layout(
  {
    name: 'SNP_STATUS',
    size: 32,
    source: 'Linux 6.12, include/uapi/linux/psp-sev.h, sev_user_data_snp_status',
  },
  SNP_STATUS_FIELDS,
);

/** SEV_ISSUE.cmd. */
export const SNP_PLATFORM_STATUS_CMD = 9;

/** Numbers of KVM's that headers before 6.12 lack. */
export const SNP_KVM = {
  /** Argument of KVM_CREATE_VM. */
  VM_TYPE: 4,
  CAP_USER_MEMORY2: 231,
  CAP_MEMORY_ATTRIBUTES: 233,
  CAP_GUEST_MEMFD: 234,
  CAP_VM_TYPES: 235,
  /** MEMORY_REGION2.flags. */
  MEM_GUEST_MEMFD: 4,
  EXIT_MEMORY_FAULT: 39,
} as const;

// asm-generic/ioctl.h: direction in bits 31:30 (1 write, 2 read), size in 29:16, type in 15:8, number in 7:0.
const ioc = (direction: number, type: number, number: number, size: number): number =>
  ((direction << 30) | (size << 16) | (type << 8) | number) >>> 0;

const KVMIO = 0xae;
const SEV_TYPE = 0x53;

/** Ioctls of a virtual machine; ENCRYPT_OP is KVM_MEMORY_ENCRYPT_OP. ISSUE is that of /dev/sev. */
export const SNP_IOC: Readonly<
  Record<'ENCRYPT_OP' | 'MEMORY_REGION2' | 'MEMORY_ATTRIBUTES' | 'GUEST_MEMFD' | 'ISSUE', number>
> = {
  // Of no use to the kernel: KVM_MEMORY_ENCRYPT_OP says the size of an unsigned long.
  ENCRYPT_OP: ioc(3, KVMIO, 0xba, 8),
  MEMORY_REGION2: ioc(1, KVMIO, 0x49, MEMORY_REGION2.size),
  MEMORY_ATTRIBUTES: ioc(1, KVMIO, 0xd2, MEMORY_ATTRIBUTES.size),
  GUEST_MEMFD: ioc(3, KVMIO, 0xd4, GUEST_MEMFD.size),
  ISSUE: ioc(3, SEV_TYPE, 0, SEV_ISSUE.size),
};
