// SPDX-License-Identifier: Apache-2.0
// Messages between an SEV-SNP guest and the firmware, which the host carries and cannot read.
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

const SOURCE = 'AMD 56860 rev 1.58';

export const GUEST_MESSAGE_FIELDS = [
  { at: 0x00, name: 'tag', type: 'bytes32', doc: '16 bytes of GCM, then zeros' },
  { at: 0x20, name: 'sequence', type: 'u64' },
  { at: 0x28, name: 'reserved_028', type: 'u64' },
  { at: 0x30, name: 'algorithm', type: 'u8', doc: '1: AES-256-GCM; from here on authenticated' },
  { at: 0x31, name: 'version', type: 'u8', doc: 'of the header: 1' },
  { at: 0x32, name: 'header_size', type: 'u16' },
  { at: 0x34, name: 'type', type: 'u8' },
  { at: 0x35, name: 'message_version', type: 'u8' },
  { at: 0x36, name: 'size', type: 'u16', doc: 'of what follows the header' },
  { at: 0x38, name: 'reserved_038', type: 'u32' },
  { at: 0x3c, name: 'vmpck', type: 'u8' },
  { at: 0x3d, name: 'reserved_03d', type: 'bytes35' },
] as const;

/** What every message starts with; the payload follows. */
export const GUEST_MESSAGE: Layout<typeof GUEST_MESSAGE_FIELDS> = layout(
  { name: 'GUEST_MESSAGE', size: 0x60, source: `${SOURCE}, Message Header Format` },
  GUEST_MESSAGE_FIELDS,
);

/** The algorithm, and where the authenticated part of the header begins. */
export const GUEST_MESSAGE_AES_256_GCM = 1;
export const GUEST_MESSAGE_VERSION = 1;

/** GUEST_MESSAGE.type. */
export const GUEST_MESSAGE_TYPE = {
  KEY_REQUEST: 3,
  KEY_ANSWER: 4,
  REPORT_REQUEST: 5,
  REPORT_ANSWER: 6,
} as const;

export const REPORT_REQUEST_FIELDS = [
  { at: 0x00, name: 'report_data', type: 'bytes64' },
  { at: 0x40, name: 'vmpl', type: 'u32' },
  { at: 0x44, name: 'key_select', type: 'u32', doc: '0: VLEK if there is one, else VCEK' },
  { at: 0x48, name: 'reserved_048', type: 'bytes24' },
] as const;

export const REPORT_REQUEST: Layout<typeof REPORT_REQUEST_FIELDS> = layout(
  { name: 'REPORT_REQUEST', size: 0x60, source: `${SOURCE}, MSG_REPORT_REQ` },
  REPORT_REQUEST_FIELDS,
);

export const SNP_REPORT_FIELDS = [
  { at: 0x000, name: 'version', type: 'u32' },
  { at: 0x004, name: 'guest_svn', type: 'u32' },
  { at: 0x008, name: 'policy', type: 'u64' },
  { at: 0x010, name: 'family_id', type: 'bytes16' },
  { at: 0x020, name: 'image_id', type: 'bytes16' },
  { at: 0x030, name: 'vmpl', type: 'u32' },
  { at: 0x034, name: 'signature_algorithm', type: 'u32' },
  { at: 0x038, name: 'current_tcb', type: 'u64' },
  { at: 0x040, name: 'platform_info', type: 'u64' },
  { at: 0x048, name: 'flags', type: 'u32' },
  { at: 0x04c, name: 'reserved_04c', type: 'u32' },
  { at: 0x050, name: 'report_data', type: 'bytes64' },
  { at: 0x090, name: 'measurement', type: 'bytes48' },
  { at: 0x0c0, name: 'host_data', type: 'bytes32' },
  { at: 0x0e0, name: 'rest', type: 'bytes960', doc: 'ID block, versions, chip, signature' },
] as const;

/** The report, as far as the guest itself looks at it. */
export const SNP_REPORT: Layout<typeof SNP_REPORT_FIELDS> = layout(
  { name: 'SNP_REPORT', size: 0x4a0, source: `${SOURCE}, ATTESTATION_REPORT` },
  SNP_REPORT_FIELDS,
);

export const REPORT_ANSWER_FIELDS = [
  { at: 0x00, name: 'status', type: 'u32' },
  { at: 0x04, name: 'size', type: 'u32' },
  { at: 0x08, name: 'reserved_008', type: 'bytes24' },
  { at: 0x20, name: 'report', type: 'bytes1184' },
] as const;

export const REPORT_ANSWER: Layout<typeof REPORT_ANSWER_FIELDS> = layout(
  { name: 'REPORT_ANSWER', size: 0x4c0, source: `${SOURCE}, MSG_REPORT_RSP` },
  REPORT_ANSWER_FIELDS,
);

export const KEY_REQUEST_FIELDS = [
  { at: 0x00, name: 'root_key', type: 'u32', doc: '0: VCEK or VLEK, 1: VMRK' },
  { at: 0x04, name: 'reserved_004', type: 'u32' },
  { at: 0x08, name: 'fields', type: 'u64', doc: 'GUEST_FIELD_SELECT' },
  { at: 0x10, name: 'vmpl', type: 'u32' },
  { at: 0x14, name: 'guest_svn', type: 'u32' },
  { at: 0x18, name: 'tcb_version', type: 'u64' },
] as const;

export const KEY_REQUEST: Layout<typeof KEY_REQUEST_FIELDS> = layout(
  { name: 'KEY_REQUEST', size: 0x20, source: `${SOURCE}, MSG_KEY_REQ, version 1` },
  KEY_REQUEST_FIELDS,
);

/** KEY_REQUEST.fields: what is mixed into the key. */
export const GUEST_FIELD = {
  POLICY: 0x1,
  IMAGE_ID: 0x2,
  FAMILY_ID: 0x4,
  MEASUREMENT: 0x8,
  SVN: 0x10,
  TCB: 0x20,
} as const;

export const KEY_ANSWER_FIELDS = [
  { at: 0x00, name: 'status', type: 'u32' },
  { at: 0x04, name: 'reserved_004', type: 'bytes28' },
  { at: 0x20, name: 'key', type: 'bytes32' },
] as const;

export const KEY_ANSWER: Layout<typeof KEY_ANSWER_FIELDS> = layout(
  { name: 'KEY_ANSWER', size: 0x40, source: `${SOURCE}, MSG_KEY_RSP` },
  KEY_ANSWER_FIELDS,
);
